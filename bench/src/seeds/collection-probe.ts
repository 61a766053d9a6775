// Loaded before `causeway` (node --import): tells the bench that has started it what it collects. Asked `begin`, then `end`.
import { GCProfiler } from 'node:v8'
import { isMainThread } from 'node:worker_threads'
import { type Collections, collectionsOf } from './collections.ts'

interface Begun {
  profiler: GCProfiler
  at: number
  cpu: NodeJS.CpuUsage
  used: number
}

export type CollectionQuestion = 'begin' | 'end'

let begun: Begun | undefined

function begin(): void {
  const profiler = new GCProfiler()
  profiler.start()
  begun = { profiler, at: performance.now(), cpu: process.cpuUsage(), used: process.memoryUsage().heapUsed }
}

function end({ profiler, at, cpu, used }: Begun): Collections {
  const seconds = (performance.now() - at) / 1_000
  const { user, system } = process.cpuUsage(cpu)
  const { heapUsed, rss } = process.memoryUsage()
  return { seconds, cpuSeconds: (user + system) / 1e6, residentBytes: rss, ...collectionsOf(profiler.stop(), used, heapUsed) }
}

// what a process starts of its own answers nobody
if (isMainThread && process.send !== undefined) {
  process.on('message', (question: CollectionQuestion) => {
    if (question === 'begin') begin()
    process.send!(question === 'end' && begun !== undefined ? end(begun) : question)
  })
  process.channel!.unref()
}
