// `npm run bench:growth`: how cost grows with the size of payloads, with connections, with partitions and with idle sessions. One line of a table each.
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { causewayOn } from './causeway.ts'
import { type ClosedLoop, type ClosedLoopResult, closedLoop } from './closed-loop.ts'
import { GeneratorConnection } from './generator-connection.ts'
import { CAUSEWAY_WARM_UP_MS } from './limits.ts'
import { machine } from './machine.ts'
import { whole } from './options.ts'
import { ECHO_OPCODE, PAYLOAD_SIZE } from './shapes.ts'
import { median } from './statistics.ts'
import type { System } from './subject.ts'

/** Bytes of a payload, and how many of it are outstanding together: a session's window has 8 MiB. */
const SIZES = [16, 200, 1_024, 16_384, 262_144, 1_048_000] as const
const MOST_OUTSTANDING_BYTES = 32 << 20
const CONNECTIONS = [1, 10, 100, 1_000] as const
const PARTITIONS = [1, 4, 16, 64] as const
const IDLE = [1_000, 5_000, 10_000] as const
/** Handshakes at a time while idle sessions are opened. */
const OPENING = 250
/** Until memory that is not needed is given back, ms. */
const SETTLE_MS = 3_000
const MIB = 1 << 20

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '3' }, seconds: { type: 'string', default: '4' }, only: { type: 'string' } },
})
const [rounds, seconds] = [whole('rounds', values.rounds), whole('seconds', values.seconds)]
const wanted = (part: string): boolean => values.only === undefined || values.only.split(',').includes(part)
const say = (line: string): boolean => process.stdout.write(`${line}\n`)
const real = { client: 'kafkajs', aof: 'everysec' } as const

/** Loads in turn, over and over; the median of each. */
async function medians(loads: readonly Omit<ClosedLoop, 'warmUpMs' | 'measureMs' | 'opcode'>[]): Promise<ClosedLoopResult[]> {
  const results: ClosedLoopResult[][] = loads.map(() => [])
  for (let round = 0; round < rounds; round++)
    for (const [index, load] of loads.entries())
      results[index].push(await closedLoop({ ...load, opcode: ECHO_OPCODE, warmUpMs: 1_500, measureMs: seconds * 1_000 }))
  return results.map(each => {
    const middle = (figure: keyof ClosedLoopResult): number => median(each.map(one => one[figure]))
    return {
      ...{ perSecond: middle('perSecond'), hotPerSecond: 0, p50Ms: middle('p50Ms'), p99Ms: middle('p99Ms') },
      generatorCpuShare: middle('generatorCpuShare'),
    }
  })
}

const warm = ({ port }: System): Promise<unknown> =>
  closedLoop({ port, opcode: ECHO_OPCODE, size: PAYLOAD_SIZE, sessions: 64, depth: 16, warmUpMs: CAUSEWAY_WARM_UP_MS, measureMs: 1 })

const heading = (what: string, ...more: string[]): boolean =>
  say(
    `\n| ${[what, 'round trips/s', 'p50 ms', 'p99 ms', 'generator, of a core', ...more].join(' | ')} |\n|-|-|-|-|-|${more.map(() => '-|').join('')}`,
  )
const row = (what: string | number, { perSecond, p50Ms, p99Ms, generatorCpuShare }: ClosedLoopResult, ...more: string[]): boolean =>
  say(`| ${[what, perSecond.toFixed(0), p50Ms.toFixed(2), p99Ms.toFixed(2), generatorCpuShare.toFixed(2), ...more].join(' | ')} |`)

async function payloads(system: System): Promise<void> {
  const loads = SIZES.map(size => {
    const outstanding = Math.max(16, Math.min(1_024, Math.floor(MOST_OUTSTANDING_BYTES / size)))
    return { port: system.port, size, sessions: 16, depth: Math.max(1, Math.floor(outstanding / 16)) }
  })
  const results = await medians(loads)
  heading('payload, bytes (16 sessions)', 'outstanding', 'MiB/s each way')
  for (const [index, { size, sessions, depth }] of loads.entries())
    row(size, results[index], String(sessions * depth), ((results[index].perSecond * size) / MIB).toFixed(1))
}

async function connections(system: System): Promise<void> {
  const loads = [200, 1_024].flatMap(size => CONNECTIONS.map(sessions => ({ port: system.port, size, sessions, depth: 1 })))
  const results = await medians(loads)
  heading('connections x payload, one outstanding each')
  for (const [index, { size, sessions }] of loads.entries()) row(`${sessions} x ${size} B`, results[index])
}

async function partitions(): Promise<void> {
  heading('partitions (64 x 16, 200 B)')
  for (const count of PARTITIONS) {
    await using system = await causewayOn({ ...real, flags: ['--partitions', String(count)] }).start()
    await warm(system)
    const [result] = await medians([{ port: system.port, size: PAYLOAD_SIZE, sessions: 64, depth: 16 }])
    row(count, result)
  }
}

/** What a process has in memory, bytes (Linux). */
const residentOf = (pid: number): number => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) * 1_024

async function idleSessions(system: System): Promise<void> {
  const { gateway, Redis: redis } = system.processes
  const observer = { answered() {}, gap() {}, wrongLength() {}, failed() {} }
  const open: GeneratorConnection[] = []
  await sleep(SETTLE_MS)
  const before = { gateway: residentOf(gateway), redis: residentOf(redis) }
  say('\n| idle sessions | gateway MiB | KiB a session | Redis MiB | KiB a session |\n|-|-|-|-|-|')
  for (const count of IDLE) {
    while (open.length < count) {
      const more = Array.from(
        { length: Math.min(OPENING, count - open.length) },
        () => new GeneratorConnection({ port: system.port, size: PAYLOAD_SIZE, opcode: ECHO_OPCODE, depth: 1, observer }),
      )
      await Promise.all(more.map(({ opened }) => opened))
      open.push(...more)
    }
    await sleep(SETTLE_MS)
    const now = { gateway: residentOf(gateway), redis: residentOf(redis) }
    const each = (part: 'gateway' | 'redis'): string => ((now[part] - before[part]) / count / 1_024).toFixed(2)
    say(`| ${count} | ${(now.gateway / MIB).toFixed(0)} | ${each('gateway')} | ${(now.redis / MIB).toFixed(0)} | ${each('redis')} |`)
  }
  for (const connection of open) connection.close()
}

say(`${JSON.stringify(machine())}; medians of ${rounds} interleaved rounds of ${seconds} s; kafkajs, Redis appendfsync everysec`)
if (wanted('idle')) {
  // a process that had load before has memory to give
  await using system = await causewayOn(real).start()
  await idleSessions(system)
}
if (['payloads', 'connections'].some(wanted)) {
  await using system = await causewayOn(real).start()
  await warm(system)
  if (wanted('payloads')) await payloads(system)
  if (wanted('connections')) await connections(system)
}
if (wanted('partitions')) await partitions()
