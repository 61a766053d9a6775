import { randomBytes } from 'node:crypto'
import { nearest } from '@causeway/config'
import { bucketOf } from '@causeway/protocol'
import type { KnownRoute, RouteTable } from '@causeway/registry'
import type { Emit, EmitWrite } from '@causeway/sessions'
import type { Encoded } from '../codecs/route-codecs.ts'
import { EMIT_HOPS, EMIT_TTL_MS, EMITS_OF_MESSAGE } from '../effects/limits.ts'
import { checkSize, encodeValue } from '../execution.ts'
import { milliseconds } from '../milliseconds.ts'
import { DeadLetter } from '../outcome-errors.ts'
import type { StoredMessage } from '../stored-message.ts'
import { packEmit } from './emit-record.ts'
import { emitKey, sourceId } from './source.ts'

export interface EmitOptions {
  /** From the finish's attempt on, ms or '5s': past it a worker no longer handles it. Default: none, for an event is a fact. */
  timeout?: number | string
}

/**
 * So many emits have led to the message that some services emit to each other in a circle, which would never end. The message becomes a dead letter,
 * whether or not its handler catches this; `ctx.hops` tells beforehand.
 */
export class EmitLoop extends DeadLetter {
  override readonly name = 'EmitLoop'
}

/** A route of any service, or a topic of the user's own. */
export type EmitTarget = string | { readonly topic: string }

const TOPIC = /^[\w.-]{1,249}$/
/** How our own topics begin. */
const OWN_TOPICS = 'causeway.'

/** Routes that this worker knows; read when something is emitted first. */
export type Routes = () => Promise<Pick<RouteTable, 'byName' | 'trackOf' | 'names'>>

export interface EmittedParts {
  service: string
  message: StoredMessage
  routes: Routes
  maxPayload: number
  now: () => number
  /** An emit was refused because it would never end. */
  looped?: () => void
}

/** What one attempt emits, in order. */
export class Emitted {
  readonly #parts: EmittedParts
  readonly #emits: Promise<Emit>[] = []
  #bytes = 0

  constructor(parts: EmittedParts) {
    this.#parts = parts
  }

  get isEmpty(): boolean {
    return this.#emits.length === 0
  }

  /** Rejects where nobody has ever served the route, it is too much, or too many have led to it (EmitLoop); so does the finish then, whether or not anybody waited for this. */
  add(target: EmitTarget, payload: unknown, options: EmitOptions): Promise<void> {
    const emit = this.#checked(target, payload, options)
    this.#emits.push(emit)
    const added = emit.then(() => undefined)
    added.catch(() => undefined)
    return added
  }

  async #checked(target: EmitTarget, payload: unknown, { timeout }: EmitOptions): Promise<Emit> {
    const { maxPayload, now } = this.#parts
    const route = nameOfTarget(target)
    const n = this.#emits.length + 1
    const deadline = timeout === undefined ? 0 : now() + milliseconds(timeout, 'emit: timeout')
    const encoded = encodeValue(payload)
    checkSize(encoded.payload, maxPayload)
    if (n > EMITS_OF_MESSAGE) throw new RangeError(`emit ${route}: a message emits at most ${EMITS_OF_MESSAGE}`)
    if (this.#bytes + encoded.payload.length > maxPayload) {
      throw new RangeError(`emit ${route}: what a message emits has at most ${maxPayload} bytes together (CAUSEWAY_MAX_PAYLOAD)`)
    }
    this.#bytes += encoded.payload.length
    return typeof target === 'string' ? await this.#toRoute(target, n, encoded, deadline) : this.#toTopic(target.topic, n, encoded)
  }

  #toTopic(topic: string, n: number, { payload, codec }: Encoded): Emit {
    if (!TOPIC.test(topic) || topic.startsWith(OWN_TOPICS)) {
      const expected = `1 to 249 letters, digits, '.', '_' or '-', not beginning with ${OWN_TOPICS}`
      throw new TypeError(`emit: topic ${JSON.stringify(topic)}: expected ${expected}`)
    }
    const { service, message } = this.#parts
    const { session, header, traceparent } = message
    const key = emitKey(service, session, header.msgId, n)
    const about = { topic, session, key, codec, deadline: 0, traceparent, principal: header.principal }
    return { source: '', bucket: 0, record: packEmit({ ...about, source: '', service: '', route: '', opcode: 0 }, payload) }
  }

  async #toRoute(name: string, n: number, { payload, codec }: Encoded, deadline: number): Promise<Emit> {
    const { service, message, routes } = this.#parts
    const { session, header, traceparent } = message
    const hops = this.#hopsTo(name)
    const table = await routes()
    const route = table.byName(name)
    if (route === undefined) throw new TypeError(`emit: NO_ROUTE: no service has ever served ${name}${nearestOf(name, table.names)}`)
    const target = table.trackOf(route, session)
    const source = sourceId(service, session, target)
    const key = emitKey(service, session, header.msgId, n)
    const about = { source, service: target, key, codec, deadline, traceparent, principal: header.principal, hops }
    return { source, bucket: bucketOf(source), record: packEmit({ ...about, route: name, opcode: opcodeOf(route) }, payload) }
  }

  #hopsTo(route: string): number {
    const { message, looped } = this.#parts
    const hops = (message.header.hops ?? 0) + 1
    if (hops <= EMIT_HOPS) return hops
    looped?.()
    throw new EmitLoop(
      `emit ${route}: ${EMIT_HOPS} emits in a row have led to this message, the most there may be: which services emit to each other in a circle?`,
    )
  }

  /** For the worker; rejects with the first that is wrong. */
  async taken(): Promise<EmitWrite | undefined> {
    if (this.isEmpty) return undefined
    const { service, message, now } = this.#parts
    const { principal } = message.header
    const emits = await Promise.all(this.#emits)
    return { service, principal, incarnation: randomBytes(6).toString('base64url'), expiresAt: now() + EMIT_TTL_MS, emits }
  }
}

export const nameOfTarget = (target: EmitTarget): string => (typeof target === 'string' ? target : target.topic)
const opcodeOf = ({ opcode }: KnownRoute): number => opcode ?? 0

function nearestOf(name: string, names: readonly string[]): string {
  const near = nearest(name, names)
  return near === undefined ? '' : `; did you mean ${near}?`
}
