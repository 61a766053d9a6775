import { wrongChannel } from '@causeway/channels'
import {
  bucketOf,
  Codec,
  type ErrorName,
  encodeFrame,
  Flag,
  type Frame,
  FrameType,
  isErrorName,
  OUTBOX_BYTES,
  type Problem,
  ProtocolError,
  problem,
} from '@causeway/protocol'
import type { FastifyInstance } from 'fastify'
import type { ConnectionContext } from '../connection-context.ts'
import { readDelivery } from '../delivery-frame.ts'
import { contextOf } from '../listeners/tls-principal.ts'
import type { GatewaySession, SessionOwner } from '../session.ts'
import { refuse, tokenOf } from './http-problem.ts'

/** Body of POST /v1/messages, as checked. */
interface MessageBody {
  route?: string
  session?: string
  channel?: string
  timeout?: number
  payload: Uint8Array
  codec: number
}

/** RFC 4648, section 4. */
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
const SESSION_ID = /^[\w-]{1,64}$/

/** POST /v1/messages: a request answers 200 {payload}; {session, payload} and {channel, payload} push, 202. Each request is a session of its own. */
export function messagesApi(server: FastifyInstance, context: ConnectionContext): void {
  server.post('/v1/messages', async (request, reply) => {
    try {
      const { principal } = await contextOf(context, request.raw.socket).authenticate(tokenOf(request))
      const body = readBody(request.body)
      if (body.channel !== undefined) {
        const offset = await publish(context, body.channel, body)
        return await reply.code(202).send({ pushed: true, offset })
      }
      if (body.session !== undefined) {
        await push(context, body.session, body)
        return await reply.code(202).send({ pushed: true })
      }
      const answer = await ask(context, principal, body)
      return await reply.code(200).send(answer)
    } catch (error) {
      return await refuse(reply, error)
    }
  })
}

function readBody(raw: unknown): MessageBody {
  if (typeof raw !== 'object' || raw === null) throw new ProtocolError('BAD_PAYLOAD', 'the body must be a JSON object')
  const { route, session, channel, timeout, payload, payload64 } = raw as Record<string, unknown>
  for (const [name, value] of Object.entries({ route, session, channel, payload64 })) {
    if (value !== undefined && typeof value !== 'string') throw new ProtocolError('BAD_PAYLOAD', `${name} must be a text`)
  }
  if (payload64 !== undefined && (payload !== undefined || !BASE64.test(payload64 as string)))
    throw new ProtocolError('BAD_PAYLOAD', 'payload64 must be base64, and stands in place of payload')
  if (timeout !== undefined && !(Number.isInteger(timeout) && (timeout as number) > 0))
    throw new ProtocolError('BAD_PAYLOAD', 'timeout must be a whole number of ms')
  if ([route, session, channel].filter(value => value !== undefined).length !== 1)
    throw new ProtocolError('BAD_PAYLOAD', 'name one of route, session and channel')
  const bytes = payload64 === undefined ? jsonBytes(payload ?? null) : Buffer.from(payload64 as string, 'base64')
  return { ...(raw as MessageBody), payload: bytes, codec: payload64 === undefined ? Codec.JSON : Codec.BYTES }
}

/** JSON is parsed at any depth and written recursively. */
function jsonBytes(value: unknown): Uint8Array {
  try {
    return Buffer.from(JSON.stringify(value))
  } catch (cause) {
    throw new ProtocolError('BAD_PAYLOAD', 'payload is nested too deep', { cause })
  }
}

async function publish(context: ConnectionContext, channel: string, body: MessageBody): Promise<number> {
  const wrong = wrongChannel(channel)
  if (wrong !== undefined) throw new ProtocolError('BAD_PAYLOAD', wrong)
  checkSize(context, body)
  return await context.publish(channel, body.payload, body.codec)
}

async function push(context: ConnectionContext, session: string, body: MessageBody): Promise<void> {
  if (!SESSION_ID.test(session)) throw new ProtocolError('SESSION_UNKNOWN', `session ${session.slice(0, 64)} is not known`)
  checkSize(context, body)
  const frame = encodeFrame({ type: FrameType.PUSH, codec: body.codec, payload: body.payload })
  const status = await context.host.push(session, bucketOf(session), frame)
  if (status === 'expired') throw new ProtocolError('SESSION_UNKNOWN', `session ${session} is not known`)
  if (status !== 'done') throw new ProtocolError('OVERLOADED', `the outbox of session ${session} is full`)
}

function checkSize({ config }: ConnectionContext, { payload }: MessageBody): void {
  if (payload.length > config.maxPayload)
    throw new ProtocolError('TOO_LARGE', `the payload has ${payload.length} bytes; at most ${config.maxPayload}`)
}

/** A request over HTTP: a session that lives for its one answer. */
async function ask(context: ConnectionContext, principal: string, body: MessageBody): Promise<object> {
  if (context.draining()) throw new ProtocolError('GOING_AWAY', 'this gateway is draining')
  checkSize(context, body)
  const owner = new HttpAnswer(seq => context.host.acknowledged(owner.session!, seq))
  const { session } = await context.host.open(owner, principal, { once: true })
  owner.session = session
  try {
    const metadata = { route: body.route, timeout: body.timeout }
    const frame: Frame = {
      type: FrameType.REQUEST,
      flags: 0,
      codec: body.codec,
      opcode: 0,
      msgId: 1,
      seq: 0,
      metadata,
      payload: body.payload,
    }
    const now = Date.now()
    context.admission.admit(session, frame, { now, at: performance.now(), receivedAt: now })
    return await owner.answer
  } finally {
    context.host.forget(session)
    void context.host.endSession(session)
  }
}

/** Gathers the answer of an HTTP request; a stream's chunks become a list. */
class HttpAnswer implements SessionOwner {
  session: GatewaySession | undefined
  readonly #chunks: Frame[] = []
  #bytes = 0
  readonly #acknowledged: (seq: number) => void
  readonly #settled = Promise.withResolvers<object>()

  constructor(acknowledged: (seq: number) => void) {
    this.#acknowledged = acknowledged
  }

  get answer(): Promise<object> {
    return this.#settled.promise
  }

  deliver(frames: readonly Uint8Array[]): boolean {
    for (const bytes of frames) this.#take(readDelivery(bytes))
    this.#acknowledged(this.session!.nextSeq - 1)
    return true
  }

  #take(frame: Frame): void {
    if (frame.type === FrameType.ERROR) {
      this.refuse(frame.msgId, JSON.parse(Buffer.from(frame.payload).toString('utf8')) as Problem)
      return
    }
    if (frame.type !== FrameType.RESPONSE) return
    this.#chunks.push(frame)
    this.#bytes += frame.payload.length
    if (this.#bytes > OUTBOX_BYTES) {
      this.#settled.reject(new ProtocolError('TOO_LARGE', `the answer has more than ${OUTBOX_BYTES} bytes: ask for it by a connection`))
      return
    }
    if ((frame.flags & Flag.MORE) !== 0) return
    const [only] = this.#chunks
    this.#settled.resolve(
      this.#chunks.length === 1 ? readable(only) : { chunks: this.#chunks.filter(chunk => chunk.payload.length > 0).map(readable) },
    )
  }

  refuse(_msgId: number, refusal: Problem): void {
    const code: ErrorName = isErrorName(refusal.code) ? refusal.code : 'HANDLER_FAILED'
    this.#settled.reject(new ProtocolError(code, refusal.detail ?? refusal.title))
  }

  /** Its message may have been handled: no code may say that it is safe to try again. */
  close(code: ErrorName, detail?: string): void {
    const why = detail ?? problem(code).title
    this.#settled.reject(new ProtocolError('TIMEOUT', `the session of this request ended (${why}); whether it had an effect is not known`))
  }

  acknowledge(): void {
    // The answer is the only thing an HTTP client waits for.
  }

  windowOpened(): void {
    // One message needs no window.
  }
}

/** JSON goes in as it is, but only where it is JSON: a handler may have mislabelled its bytes. */
function readable(frame: Frame): object {
  const bytes = Buffer.from(frame.payload)
  if (frame.codec === Codec.JSON) {
    try {
      return { payload: JSON.parse(bytes.toString('utf8')) as unknown }
    } catch {
      // told as the bytes they are
    }
  }
  return { payload64: bytes.toString('base64') }
}
