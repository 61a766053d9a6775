import { within } from '@causeway/backends'
import { type KnownRoute, STABLE, trackName } from '@causeway/registry'
import {
  type AuditEntry,
  BATCH_LETTERS,
  type DeadLetterFilter,
  type DeadLetterSummary,
  type LetterName,
  type Retries,
} from '@causeway/retries'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { limitOf, readReason } from './body.ts'
import { type ReplayBody, readDiscardBody, readListQuery, readReplayBody } from './dead-letters-body.ts'
import { batchView, editView, letterView } from './dead-letters-view.ts'
import { answerProblem, OperatorProblem, wrong } from './operator-problem.ts'
import { whoOf } from './who.ts'

export interface DeadLettersApiOptions {
  retries: Retries
  /** All that were ever registered. */
  routes: () => readonly KnownRoute[]
  /** Bytes. */
  maxPayload: number
}

/** Letters a dry run shows, and ids an audit entry names. */
const SHOWN = 5
const IDS_AUDITED = 20
const AUDIT_SHOWN = 100
const AUDIT_SHOWN_MOST = 1_000
/** How long the store may take to answer a call, ms: beyond, the operator is told. */
const CALL_MS = 10_000
/** Bytes of a body beside its payload: a thousand ids. */
const BODY_BYTES = 256 << 10

type Handler = (request: FastifyRequest) => Promise<object>

/** Operators' dead letters: listed, replayed, discarded. Every change takes a reason and is in the audit log before it is made. */
export function deadLettersApi(server: FastifyInstance, options: DeadLettersApiOptions): void {
  const calls = new DeadLetterCalls(options)
  const by =
    (handler: Handler, status = 200) =>
    async (request: FastifyRequest, reply: FastifyReply) => {
      try {
        return await reply.code(status).send(await inTime(handler(request)))
      } catch (error) {
        return await answerProblem(error, reply)
      }
    }
  server.register(async scope => {
    scope.setErrorHandler((error, _request, reply) => answerProblem(error, reply))
    // base64 is four thirds of its bytes
    const bodyLimit = Math.ceil((options.maxPayload * 4) / 3) + BODY_BYTES
    scope.get('/api/dead-letters', by(calls.list))
    scope.get('/api/dead-letters/:id', by(calls.letter))
    scope.post('/api/dead-letters/replay', { bodyLimit }, async (request, reply) => {
      const dryRun = (request.body as { dryRun?: unknown } | null | undefined)?.dryRun === true
      return await by(calls.replay, dryRun ? 200 : 202)(request, reply)
    })
    scope.delete('/api/dead-letters', { bodyLimit }, by(calls.discard))
    scope.get('/api/dead-letters/replays', by(calls.batches))
    scope.get('/api/dead-letters/replays/:id', by(calls.batch))
    scope.post('/api/dead-letters/replays/:id/cancel', by(calls.cancel))
    scope.get('/api/audit', by(calls.audit))
  })
}

class DeadLetterCalls {
  readonly #options: DeadLettersApiOptions

  constructor(options: DeadLettersApiOptions) {
    this.#options = options
  }

  get #letters() {
    return this.#options.retries.deadLetters
  }

  readonly list: Handler = async ({ query }) => {
    try {
      return await this.#letters.list(readListQuery(query, Date.now()))
    } catch (error) {
      throw error instanceof RangeError ? new OperatorProblem('BAD_PAYLOAD', error.message, 'before') : error
    }
  }

  readonly letter: Handler = async ({ params, query }) => {
    const { id } = params as { id: string }
    const [name] = await this.#letters.find([id], (query as { service?: string }).service)
    const letter = name && (await this.#letters.get(name))
    if (letter === undefined) throw noLetter([id])
    return letterView(letter)
  }

  readonly replay: Handler = async request => {
    const body = readReplayBody(request.body, Date.now(), this.#options.maxPayload)
    const { letters, missing } = await this.#meant(body)
    this.#checkRoute(body, letters)
    if (body.dryRun) return await this.#dryRun(body, letters, missing)
    if (letters.length === 0)
      throw body.ids === undefined ? new OperatorProblem('NOT_FOUND', 'no dead letter fits the filter') : noLetter(missing)
    if (letters.length > BATCH_LETTERS)
      throw new OperatorProblem(
        'TOO_LARGE',
        `the filter fits more than ${BATCH_LETTERS} letters: narrow it (service, route, since, q)`,
        'filter',
      )
    const { by, from } = whoOf(request)
    const { reason, deliver, perSecond, edit, ids, filter } = body
    const what = ids === undefined ? { filter: isAll(filter!) ? 'all' : filter } : { ids: ids.slice(0, IDS_AUDITED) }
    await this.#record({
      by,
      from,
      action: 'replay',
      reason,
      details: { letters: letters.length, ...what, deliver, perSecond, edit: edit && editView(edit) },
    })
    const batch = await this.#letters.replay({ by, reason, deliver, perSecond, edit }, letters)
    if (batch.refused === batch.total) {
      const busy = Object.values(batch.refusals).includes('underWay')
      if (!busy) throw noLetter(letters.map(({ id }) => id))
      throw new OperatorProblem(
        'CONFLICT',
        `a replay of ${letters.length === 1 ? letters[0].id : 'each of these letters'} is under way: wait for its end, or cancel it`,
      )
    }
    return { ...batchView(batch), missing }
  }

  /** The letters an order means: one more than may be replayed at most. */
  async #meant({ ids, filter, service }: ReplayBody): Promise<{ letters: LetterName[]; missing: string[] }> {
    if (ids !== undefined) return await this.#named(ids, service)
    const letters: LetterName[] = []
    for await (const letter of this.#fitting(filter!)) {
      letters.push({ service: letter.service, id: letter.id })
      if (letters.length > BATCH_LETTERS) break
    }
    return { letters, missing: [] }
  }

  async #named(ids: readonly string[], service: string | undefined): Promise<{ letters: LetterName[]; missing: string[] }> {
    const found = await this.#letters.find(ids, service)
    return { letters: found.filter(name => name !== undefined), missing: ids.filter((_, index) => found[index] === undefined) }
  }

  async *#fitting(filter: DeadLetterFilter): AsyncGenerator<DeadLetterSummary> {
    let before: string | undefined
    do {
      const page = await this.#letters.list({ ...filter, before, limit: 1_000 })
      yield* page.letters
      before = page.next
    } while (before !== undefined)
  }

  /** Another route must be one of the letter's own service. */
  #checkRoute({ edit }: ReplayBody, letters: readonly LetterName[]): void {
    const wanted = edit?.route
    if (wanted === undefined) return
    const routes = this.#options.routes()
    for (const service of new Set(letters.map(letter => letter.service))) {
      const names = routes.filter(route => servedAs(route).includes(service)).map(({ name }) => name)
      if (names.includes(wanted)) continue
      throw wrong('edit.route', `is ${JSON.stringify(wanted)}: service ${service} has no such route; it has ${names.join(', ') || 'none'}`)
    }
  }

  async #dryRun({ filter }: ReplayBody, letters: readonly LetterName[], missing: readonly string[]): Promise<object> {
    const more = letters.length > BATCH_LETTERS
    const count = more ? BATCH_LETTERS : letters.length
    return {
      dryRun: true,
      letters: count,
      more,
      missing,
      first: filter === undefined ? await this.#first(letters) : await this.#firstFitting(filter),
    }
  }

  async #first(letters: readonly LetterName[]): Promise<object[]> {
    const entries = await Promise.all(letters.slice(0, SHOWN).map(letter => this.#letters.get(letter)))
    return entries.flatMap(entry => {
      if (entry === undefined) return []
      const { id, service, session, msgId, route, reason, deadAt, attempts, errors, value } = entry
      return [{ id, service, session, msgId, route, reason, error: errors.at(-1)?.error ?? '', attempts, deadAt, bytes: value.length }]
    })
  }

  async #firstFitting(filter: DeadLetterFilter): Promise<object[]> {
    const first: object[] = []
    for await (const letter of this.#fitting(filter)) if (first.push(letter) >= SHOWN) break
    return first
  }

  readonly discard: Handler = async request => {
    const { ids, service, reason } = readDiscardBody(request.body)
    const { letters, missing } = await this.#named(ids, service)
    if (letters.length === 0) throw noLetter(missing)
    const details = { letters: letters.length, ids: ids.slice(0, IDS_AUDITED) }
    await this.#record({ ...whoOf(request), action: 'discard', reason, details })
    const discards = await this.#letters.discard(letters)
    const those = (wanted: string): string[] => letters.filter((_, index) => discards[index] === wanted).map(({ id }) => id)
    const [discarded, underWay] = [those('discarded'), those('underWay')]
    if (discarded.length === 0 && underWay.length > 0)
      throw new OperatorProblem(
        'CONFLICT',
        `a replay of ${underWay.slice(0, SHOWN).join(', ')} is under way: wait for its end, or cancel it`,
      )
    return { discarded, underWay, missing: [...missing, ...those('missing')] }
  }

  readonly batches: Handler = async () => ({ replays: (await this.#letters.batches()).map(batchView) })

  readonly batch: Handler = async ({ params }) => {
    const { id } = params as { id: string }
    const batch = await this.#letters.batch(id)
    if (batch === undefined) throw noBatch(id)
    return batchView(batch)
  }

  readonly cancel: Handler = async request => {
    const { id } = request.params as { id: string }
    const reason = readReason(request.body)
    if ((await this.#letters.batch(id)) === undefined) throw noBatch(id)
    await this.#record({ ...whoOf(request), action: 'cancel replay', reason, details: { replay: id } })
    return batchView((await this.#letters.cancel(id))!)
  }

  readonly audit: Handler = async ({ query }) => {
    const limit = limitOf((query as { limit?: unknown }).limit, AUDIT_SHOWN, AUDIT_SHOWN_MOST)
    return { entries: await this.#options.retries.audit.list(limit) }
  }

  async #record(entry: Omit<AuditEntry, 'at'>): Promise<void> {
    await this.#options.retries.audit.record({ at: Date.now(), ...entry })
  }
}

const isAll = (filter: DeadLetterFilter): boolean => Object.values(filter).every(value => value === undefined)

const noLetter = (ids: readonly string[]): OperatorProblem => {
  const named = ids.slice(0, SHOWN).join(', ')
  return new OperatorProblem(
    'NOT_FOUND',
    `there is no dead letter ${named}${ids.length > SHOWN ? `, nor the other ${ids.length - SHOWN}` : ''}`,
  )
}
const noBatch = (id: string): OperatorProblem =>
  new OperatorProblem('NOT_FOUND', `there is no replay ${id}: it is not known, or so old that it is forgotten`)

function inTime<T>(call: Promise<T>): Promise<T> {
  const text = `the store has not answered within ${CALL_MS / 1_000} s; a change may take place still: look before you repeat it`
  return within(CALL_MS, call, () => new OperatorProblem('BACKEND_UNAVAILABLE', text))
}

/** Names of a route's service in the log and the stores, a name for each track. */
const servedAs = ({ service, tracks }: KnownRoute): string[] =>
  (tracks?.map(({ track }) => track) ?? [STABLE]).map(track => trackName(service, track))
