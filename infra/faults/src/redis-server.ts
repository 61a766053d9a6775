import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Backend, startRedis } from '@causeway/test-backends'

/** `log`: an append-only file, so that a killed one comes back with all it acknowledged. `snapshots`: it comes back as it was at the last `save`. */
export type Persistence = 'log' | 'snapshots'

/** A Redis of a scenario's own, that dies and comes back on its port with what it kept. */
export class RedisServer {
  readonly #folder: string
  readonly #args: string[]
  #backend: Backend

  private constructor(folder: string, args: string[], backend: Backend) {
    this.#folder = folder
    this.#args = args
    this.#backend = backend
  }

  /** `parent`: where its files lie; default the system's temporary folder. */
  static async start(persistence: Persistence, parent = tmpdir()): Promise<RedisServer> {
    const folder = await mkdtemp(join(parent, 'causeway-faults-redis-'))
    const args = persistence === 'log' ? ['--appendonly', 'yes', '--appendfsync', 'everysec'] : []
    return new RedisServer(folder, args, await startRedis({ dataDir: folder, args }))
  }

  get port(): number {
    return this.#backend.port
  }

  async kill(): Promise<void> {
    await this.#backend.kill('SIGKILL')
  }

  async startAgain(): Promise<void> {
    this.#backend = await startRedis({ port: this.port, dataDir: this.#folder, args: this.#args })
  }

  async signal(name: 'SIGSTOP' | 'SIGCONT'): Promise<void> {
    await this.#backend.kill(name)
  }

  /** One command without spaces in its words; resolves when it has been done. */
  async command(...words: string[]): Promise<void> {
    const socket = connect(this.port, '127.0.0.1')
    socket.write(`${words.join(' ')}\r\n`)
    const [answer] = (await once(socket, 'data')) as [Buffer]
    socket.destroy()
    if (answer[0] === '-'.charCodeAt(0)) throw new Error(`Redis refuses ${words[0]}: ${answer.toString('utf8').trim()}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#backend.stop()
    await rm(this.#folder, { recursive: true, force: true })
  }
}
