import { readdirSync } from 'node:fs'
import { connect } from 'node:net'

/** What a process holds; bytes where it is memory. */
export interface Footprint {
  rss: number
  heap: number
  /** Buffers and the like, outside the heap. */
  external: number
  /** File descriptors; NaN on systems that don't tell. */
  descriptors: number
  /** Timers, sockets and whatever else keeps a process awake. */
  resources: number
  /** causeway_sessions of a gateway, causeway_worker_sessions_remembered of a worker. */
  sessions: number
}

/** A process of which both are known. */
export interface Watched {
  pid: number
  /** Of its /metrics. */
  url: string
}

/** Time for the collection that a signal asks for, and for the system to have the memory back, ms. */
const COLLECT_MS = 500

/** What it holds once its garbage is collected; it must have loaded churn-collect.fixture.ts. */
export async function footprint({ pid, url }: Watched): Promise<Footprint> {
  process.kill(pid, 'SIGUSR2')
  await new Promise(resolve => setTimeout(resolve, COLLECT_MS))
  const text = await (await fetch(url)).text()
  const sample = (name: string): number => Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)`, 'm').exec(text)?.[1] ?? Number.NaN)
  return {
    rss: sample('process_resident_memory_bytes'),
    heap: sample('nodejs_heap_size_used_bytes'),
    external: sample('nodejs_external_memory_bytes'),
    descriptors: descriptorsOf(pid),
    resources: sample('nodejs_active_resources_total'),
    sessions: text.includes('causeway_sessions') ? sample('causeway_sessions') : sample('causeway_worker_sessions_remembered'),
  }
}

function descriptorsOf(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length
  } catch {
    return Number.NaN
  }
}

/** What an installation keeps in Redis: bytes of all of it, and keys under the installation's prefix. */
export interface RedisFootprint {
  memory: number
  keys: number
  /** Of these the ones that belong to sessions: of a bucket, but for its totals (`t`). */
  sessionKeys: number
}

/** `address` is `host:port`. */
export async function redisFootprint(address: string, prefix: string): Promise<RedisFootprint> {
  const info = await ask(address, 'INFO memory')
  const count = async (pattern: string): Promise<number> =>
    Number(/^:(\d+)/.exec(await ask(address, `EVAL "return #redis.call('KEYS', ARGV[1])" 0 "${pattern}"`))?.[1])
  return {
    memory: Number(/^used_memory:(\d+)/m.exec(info)?.[1]),
    keys: await count(`${prefix}:*`),
    sessionKeys: await count(`${prefix}:{*}:[^t]*`),
  }
}

/** One inline command on a connection of its own; the reply as it comes. */
function ask(address: string, command: string): Promise<string> {
  const [host, port] = address.split(':')
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), host, () => socket.write(`${command}\r\nQUIT\r\n`))
    let reply = ''
    socket.setEncoding('utf8')
    socket.on('data', text => {
      reply += text
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(reply))
  })
}
