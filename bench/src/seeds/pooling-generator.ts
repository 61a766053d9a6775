// Load by the client of the SDK: callers that open a connection for each request, or take one of a pool.
import { CausewayError, type Client, connect } from '@causeway/client'
import { generate, type LoadConnection, type LoadOptions } from '../generate.ts'
import { ECHO_OPCODE } from '../shapes.ts'
import type { PoolingOptions } from './pooling.ts'
import { benchToken } from './pooling-token.ts'

const token = benchToken()
const open = (port: number): Promise<Client> => connect(`tcp://127.0.0.1:${port}`, { token: () => token })
const pool: Client[] = []
let turn = 0

/** One request after the other. */
class Caller implements LoadConnection {
  readonly #options: LoadOptions
  readonly #payload: Uint8Array
  readonly #isPooled: boolean
  #closing = false

  constructor(options: LoadOptions, isPooled: boolean) {
    this.#options = options
    this.#payload = new Uint8Array(options.size).fill(0x61)
    this.#isPooled = isPooled
  }

  start(): void {
    void this.#run().catch((error: unknown) => this.#options.observer.failed(error instanceof CausewayError ? error.code : String(error)))
  }

  async #run(): Promise<void> {
    while (!this.#closing) await this.#once()
  }

  async #once(): Promise<void> {
    const from = performance.now()
    const client = this.#isPooled ? pool[turn++ % pool.length] : await open(this.#options.port)
    const answer = await client.request<Uint8Array>(ECHO_OPCODE, this.#payload)
    if (this.#closing) return
    if (answer.length !== this.#options.size) this.#options.observer.wrongLength()
    this.#options.observer.answered(performance.now() - from)
    // it ends behind the answer: nobody waits for that
    if (!this.#isPooled) void client.close()
  }

  close(): void {
    this.#closing = true
    for (const client of pool.splice(0)) void client.close()
  }
}

await generate(async ({ own, ...options }) => {
  const { pooled = 0 } = (own ?? {}) as PoolingOptions
  while (pool.length < pooled) pool.push(await open(options.port))
  return new Caller(options, pooled > 0)
})
