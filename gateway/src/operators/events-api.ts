import type { CentralConfig } from '@causeway/central-config'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { EVENT_STREAM_BUFFER, OPERATORS_WATCHING, OVERVIEW_TICK_MS } from '../limits.ts'
import { answerProblem, OperatorProblem } from './operator-problem.ts'
import type { Overview } from './overview.ts'

export interface EventsApiOptions {
  overview: Pick<Overview, 'read'>
  central: Pick<CentralConfig, 'latest' | 'watch' | 'version'> | undefined
}

/**
 * GET /api/events (WHATWG HTML, server-sent events): `overview`, each second, as GET /api/overview answers; `config`, once this gateway works by another version.
 * However many watch, the overview is read once.
 */
export function eventsApi(server: FastifyInstance, options: EventsApiOptions): void {
  const events = new OperatorsEvents(options)
  server.get('/api/events', async (request, reply) => {
    try {
      events.watch(request, reply)
      return reply
    } catch (error) {
      return await answerProblem(error, reply)
    }
  })
  server.addHook('preClose', async () => events.close())
}

type Stream = FastifyReply['raw']

class OperatorsEvents {
  readonly #options: EventsApiOptions
  readonly #streams = new Set<Stream>()
  #timer: NodeJS.Timeout | undefined
  #unwatch: (() => void) | undefined
  #reading = false

  constructor(options: EventsApiOptions) {
    this.#options = options
  }

  watch(request: FastifyRequest, reply: FastifyReply): void {
    if (this.#streams.size >= OPERATORS_WATCHING) throw new OperatorProblem('CONFLICT', `${OPERATORS_WATCHING} watch this gateway already`)
    const { raw } = reply
    reply.hijack()
    raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' })
    this.#streams.add(raw)
    request.raw.socket.once('close', () => this.#gone(raw))
    if (this.#timer === undefined) this.#begin()
    else this.#config([raw])
    void this.#tick()
  }

  #begin(): void {
    this.#timer = setInterval(() => void this.#tick(), OVERVIEW_TICK_MS)
    this.#unwatch = this.#options.central?.watch(() => this.#config(this.#streams))
  }

  #config(streams: Iterable<Stream>): void {
    if (this.#options.central === undefined) return
    const { latest, version } = this.#options.central
    tell(streams, 'config', { version, by: latest.by, reason: latest.reason, at: latest.at })
  }

  async #tick(): Promise<void> {
    if (this.#reading) return
    this.#reading = true
    try {
      tell(this.#streams, 'overview', await this.#options.overview.read())
    } catch (error) {
      tell(this.#streams, 'problem', { detail: (error as Error).message })
    } finally {
      this.#reading = false
    }
  }

  #gone(stream: Stream): void {
    this.#streams.delete(stream)
    if (this.#streams.size === 0) this.#rest()
  }

  #rest(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#unwatch?.()
    this.#unwatch = undefined
  }

  close(): void {
    for (const stream of this.#streams) stream.end()
    this.#streams.clear()
    this.#rest()
  }
}

/** Whoever does not read is cut off. */
function tell(streams: Iterable<Stream>, event: string, data: object): void {
  const text = `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`
  for (const stream of streams) {
    if (stream.writableLength > EVENT_STREAM_BUFFER) stream.destroy()
    else stream.write(text)
  }
}
