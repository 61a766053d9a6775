import { setImmediate as nextTurn } from 'node:timers/promises'
import { Codec } from '@causeway/protocol'
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { type Encoded, isCompressed, RouteCodecs } from './codecs/route-codecs.ts'
import type { Context } from './context.ts'
import { HEAVY_BYTES, RETRIES_WAITING } from './limits.ts'
import { DeadLetter, Reject, RetryAfter } from './outcome-errors.ts'
import type { Gate } from './policies/gate.ts'
import { NotNow } from './policies/not-now.ts'
import { enterLater, placeTaken } from './policies/room.ts'
import { endingStream } from './policies/when-ended.ts'
import { bytes, type Route } from './route.ts'
import type { StoredMessage } from './stored-message.ts'

/** What became of one attempt. */
export type AttemptOutcome =
  | { kind: 'answer'; payload: Uint8Array; codec: number }
  | { kind: 'stream'; values: AsyncIterable<unknown> }
  | { kind: 'rejected'; detail: string }
  | { kind: 'badPayload'; detail: string }
  | { kind: 'failed'; error: unknown; delayMs: number | undefined }
  /** No attempt: it comes again. */
  | { kind: 'later'; delayMs: number }
  | { kind: 'deadLetter'; error: Error }
  /** Nobody wants its answer any more. */
  | { kind: 'cancelled' }

const ANY = new RouteCodecs()
const NOTHING = new Uint8Array(0)
const NOTHING_ANSWERED: AttemptOutcome = { kind: 'answer', payload: NOTHING, codec: Codec.BYTES }

/**
 * Runs a route's handler on a message. Synchronous where the handler and its schema are, so that a plain handler costs no promise.
 * Never throws and never rejects: whatever happens is an outcome.
 */
export function attempt(route: Route, message: StoredMessage, ctx: Context, maxPayload: number): AttemptOutcome | Promise<AttemptOutcome> {
  const { gate } = route
  if (gate === undefined) return attemptInside(route, message, ctx, maxPayload)
  if (!gate.enter()) return attemptLater(gate, route, message, ctx, maxPayload)
  return attemptAt(gate, route, message, ctx, maxPayload)
}

/** One that comes again, for the dispatcher asks before it begins one: else it would find no place while there are others who wait for each. */
async function attemptLater(gate: Gate, route: Route, message: StoredMessage, ctx: Context, maxPayload: number): Promise<AttemptOutcome> {
  try {
    if (gate.returning >= RETRIES_WAITING) throw placeTaken(route.name)
    await enterLater(gate, route.name, ctx, true)
  } catch (error) {
    return failure(error)
  }
  return await attemptAt(gate, route, message, ctx, maxPayload)
}

function attemptAt(
  gate: Gate,
  route: Route,
  message: StoredMessage,
  ctx: Context,
  maxPayload: number,
): AttemptOutcome | Promise<AttemptOutcome> {
  const outcome = attemptInside(route, message, ctx, maxPayload)
  return outcome instanceof Promise ? outcome.then(late => leaving(gate, ctx, late)) : leaving(gate, ctx, outcome)
}

/** Gives its place up, a stream once it has ended; one that comes after its time is read by nobody. */
function leaving(gate: Gate, ctx: Context, outcome: AttemptOutcome): AttemptOutcome {
  if (outcome.kind === 'stream' && !ctx.signal.aborted) return { ...outcome, values: endingStream(outcome.values, () => gate.leave()) }
  gate.leave()
  return outcome
}

function attemptInside(route: Route, message: StoredMessage, ctx: Context, maxPayload: number): AttemptOutcome | Promise<AttemptOutcome> {
  if (route.input === bytes || !isHeavy(message)) return attemptNow(route, message, ctx, maxPayload)
  return heavyTurn().then(() => attemptNow(route, message, ctx, maxPayload))
}

/** What may take long to decode: compressed bytes are few and become many. */
const isHeavy = ({ value, contentType }: StoredMessage): boolean => value.length >= HEAVY_BYTES || isCompressed(contentType)

let lastTurn: Promise<unknown> = Promise.resolve()

/** A turn of the event loop for each: between two of them sockets, heartbeats and timers are served. */
function heavyTurn(): Promise<unknown> {
  lastTurn = lastTurn.then(() => nextTurn())
  return lastTurn
}

function attemptNow(route: Route, message: StoredMessage, ctx: Context, maxPayload: number): AttemptOutcome | Promise<AttemptOutcome> {
  let input: unknown
  try {
    if (route.input === bytes) input = message.value
    else {
      const decoded = decodedInput(route, message, maxPayload)
      if (route.input === undefined) input = decoded
      else {
        const checked = route.input['~standard'].validate(decoded)
        if (checked instanceof Promise) return validatedLater(route, message, ctx, checked)
        if (checked.issues !== undefined) return badPayload(checked.issues)
        input = checked.value
      }
    }
  } catch (error) {
    return { kind: 'badPayload', detail: (error as Error).message }
  }
  return handled(route, message, ctx, input)
}

async function validatedLater(
  route: Route,
  message: StoredMessage,
  ctx: Context,
  checking: Promise<StandardSchemaV1.Result<unknown>>,
): Promise<AttemptOutcome> {
  try {
    const checked = await checking
    return checked.issues === undefined ? await handled(route, message, ctx, checked.value) : badPayload(checked.issues)
  } catch (error) {
    return { kind: 'failed', error, delayMs: undefined }
  }
}

function handled(route: Route, message: StoredMessage, ctx: Context, input: unknown): AttemptOutcome | Promise<AttemptOutcome> {
  try {
    const result = route.run(input, ctx)
    if (isPromise(result)) return Promise.resolve(result).then(value => outcomeOf(route, message, value), failure)
    return outcomeOf(route, message, result)
  } catch (error) {
    return failure(error)
  }
}

/** Of any library, not of the language alone. */
const isPromise = (value: unknown): value is PromiseLike<unknown> =>
  typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function'

function outcomeOf(route: Route, message: StoredMessage, value: unknown): AttemptOutcome {
  if (value === undefined || value === null) return NOTHING_ANSWERED
  if (value instanceof Uint8Array)
    return { kind: 'answer', payload: value, codec: route.input === bytes ? message.header.codec : Codec.BYTES }
  if (typeof value === 'object' && Symbol.asyncIterator in value) return { kind: 'stream', values: value as AsyncIterable<unknown> }
  try {
    return { kind: 'answer', ...route.codecs.encode(value, message.header.codec) }
  } catch (error) {
    const detail = `the handler's result can't be encoded for codec ${message.header.codec}: ${(error as Error).message}`
    return { kind: 'deadLetter', error: new DeadLetter(detail, { cause: error }) }
  }
}

/** Throws where a payload is more than a client takes. */
export function checkSize(payload: Uint8Array, maxPayload: number): void {
  if (payload.length > maxPayload)
    throw new RangeError(`a payload of ${payload.length} bytes: at most ${maxPayload} (CAUSEWAY_MAX_PAYLOAD)`)
}

/** A value as payload for whoever has not asked for a codec: bytes as they are, everything else as JSON. */
export function encodeValue(value: unknown): Encoded {
  return ANY.encode(value, Codec.JSON)
}

export function failure(error: unknown): AttemptOutcome {
  if (error instanceof Reject) return { kind: 'rejected', detail: error.message }
  if (error instanceof DeadLetter) return { kind: 'deadLetter', error }
  if (error instanceof NotNow) return { kind: 'later', delayMs: error.delayMs }
  if (error instanceof RetryAfter) return { kind: 'failed', error, delayMs: usableDelay(error.delayMs) }
  return { kind: 'failed', error, delayMs: undefined }
}

/** A time that is no time leaves the wait to the route's back-off. */
const usableDelay = (delayMs: number): number | undefined => (Number.isFinite(delayMs) && delayMs >= 0 ? delayMs : undefined)

/** What a route's handler would get but for its schema; remembered with the message. Throws where it can't be decoded. */
export function decodedInput(route: Route, message: StoredMessage, maxPayload: number): unknown {
  if (message.decoded !== undefined) return message.decoded.value
  if (route.input === bytes) return message.value
  try {
    const value = route.codecs.decode(message, maxPayload)
    if (route.orderKey !== undefined) message.decoded = { value }
    return value
  } catch (error) {
    throw new Error(`payload: ${(error as Error).message}`)
  }
}

function badPayload(issues: readonly StandardSchemaV1.Issue[]): AttemptOutcome {
  const details = issues.map(issue => {
    const path = (issue.path ?? []).map(part => String(typeof part === 'object' ? part.key : part)).join('.')
    return `${path === '' ? 'payload' : path}: ${issue.message}`
  })
  return { kind: 'badPayload', detail: details.join('; ') }
}
