import { encodeFrame, Flag, FrameType } from '@causeway/protocol'
import type { Effects, FinishBatcher, FinishChunk, FinishFinal, FinishResult, FinishStatus, Outcome } from '@causeway/sessions'
import { errorFrame, finalEntry } from './answers.ts'
import type { Encoded } from './codecs/route-codecs.ts'
import type { Context } from './context.ts'
import { OUTBOX_WAIT_MAX_MS, OUTBOX_WAIT_MIN_MS, STREAM_AHEAD } from './limits.ts'
import type { StoredMessage } from './stored-message.ts'
import { unlessAborted } from './unless-aborted.ts'

export interface StreamParts {
  message: StoredMessage
  ctx: Context
  finisher: FinishBatcher
  /** Names this run: another one that finds a chunk of it ends the request. */
  run: string
  encode(value: unknown): Encoded
  /** Bytes of the largest payload of a chunk. */
  maxPayload: number
  /** Called before each chunk and before the end, for what has to go ahead of them. */
  before(): void
  /** What the end takes along; asked once, after all values. */
  effects(): Promise<Effects> | undefined
  /** Called with true when the next value is waited for, with false when it has come. */
  waiting(forValue: boolean): void
}

/** How a stream ended at the store. */
export interface StreamEnd {
  outcome: Outcome
  result: FinishResult
  /** It took emits along. */
  hasEmitted?: boolean
}

/** Why the end of a stream can't take its effects along: its chunks have been seen, so that there is no other attempt. */
const FORBIDDEN: Partial<Record<FinishStatus, string>> = {
  conflict: 'the state that it read has been changed meanwhile',
  sharedFull: 'its service keeps as many shared keys as it may',
  emitsFull: 'it emits, and the outbox of emits is full',
}
const ANOTHER_RUN = 'another run of this stream was seen already'

/**
 * The chunks of one run on their way to the store, in order. One that finds the outbox full is offered again, with all behind it, until
 * there is room or the signal is aborted. A call made again answers `duplicate` for chunks it took before: only more of those than can
 * be on their way mean that the message has ended otherwise.
 */
export class StreamWriter {
  readonly #parts: StreamParts
  #number = 0
  /** Handed over and not confirmed, in order. */
  readonly #pending: FinishChunk[] = []
  #inAir = 0
  #repeats = 0
  /** The first pending chunk found the outbox full. */
  #blocked = false
  #wait = OUTBOX_WAIT_MIN_MS
  #timer: NodeJS.Timeout | undefined
  #changed: (() => void) | undefined
  /** Why no more of it is wanted. */
  stopped: string | undefined

  constructor(parts: StreamParts) {
    this.#parts = parts
  }

  /** Whether anything of this run may have been seen. */
  get begun(): boolean {
    return this.#number > 0
  }

  /** Resolves when there is room for another; rejects when the signal is aborted first. */
  async chunk({ payload, codec }: Encoded): Promise<void> {
    const { message, run, before } = this.#parts
    if (message.header.kind !== 'request') return
    const { session, bucket, header } = message
    const { incarnation, msgId } = header
    before()
    const frame = this.#frame(payload, codec, Flag.MORE)
    const entry: FinishChunk = { kind: 'chunk', session, bucket, incarnation, msgId, run, chunk: this.#number++, frame }
    this.#pending.push(entry)
    if (!this.#blocked) this.#send(entry)
    while (this.#pending.length >= STREAM_AHEAD && this.stopped === undefined) await this.#change()
  }

  #send(entry: FinishChunk): void {
    this.#inAir++
    this.#parts.finisher.add(entry, ({ status }) => this.#answered(entry, status))
  }

  #answered(entry: FinishChunk, status: FinishStatus): void {
    this.#inAir--
    if (status === 'done' || status === 'duplicate') {
      this.#pending.splice(this.#pending.indexOf(entry), 1)
      this.#wait = OUTBOX_WAIT_MIN_MS
      this.#repeats = status === 'done' ? 0 : this.#repeats + 1
      if (this.#repeats > STREAM_AHEAD) this.stopped ??= 'its message has ended otherwise'
    } else if (status === 'outboxFull') this.#blocked = true
    else if (status !== 'streamTaken') this.stopped ??= `the session did not take chunk ${entry.chunk} (${status})`
    // behind one that was not taken, every chunk is not the next
    else if (!this.#blocked) this.stopped ??= ANOTHER_RUN
    if (this.#blocked && this.#inAir === 0 && this.stopped === undefined) this.#sendAgainLater()
    this.#changed?.()
  }

  #sendAgainLater(): void {
    this.#timer = setTimeout(() => {
      this.#blocked = false
      for (const entry of [...this.#pending]) this.#send(entry)
      this.#changed?.()
    }, this.#wait)
    this.#wait = Math.min(this.#wait * 2, OUTBOX_WAIT_MAX_MS)
  }

  #change(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#changed = resolve
    return unlessAborted(promise, this.#parts.ctx.signal)
  }

  #frame(payload: Uint8Array, codec: number, flags: number): Uint8Array {
    const { msgId, opcode } = this.#parts.message.header
    return encodeFrame({ type: FrameType.RESPONSE, flags, codec, opcode, msgId, payload })
  }

  /** Ends the stream with its last value; rejects when the signal is aborted while chunks before it wait for room. */
  async end({ payload, codec }: Encoded): Promise<StreamEnd> {
    const { message, run, before } = this.#parts
    const entry = finalEntry(message, 'answered', this.#frame(payload, codec, 0))
    const last = message.header.kind === 'request' ? { ...entry, run, chunk: this.#number } : entry
    const effects = await this.#parts.effects()
    if (effects !== undefined) last.effects = effects
    for (;;) {
      while (this.#blocked && this.stopped === undefined) await this.#change()
      if (this.stopped !== undefined) return await this.fail(this.stopped)
      before()
      const result = await this.#finish(last)
      const forbidden = FORBIDDEN[result.status]
      if (forbidden !== undefined) return await this.fail(forbidden)
      const hasEmitted = result.status === 'done' && effects?.emits !== undefined
      if (result.status !== 'streamTaken') return { outcome: last.outcome, result, hasEmitted }
      if (!this.#blocked) return await this.fail(this.stopped ?? ANOTHER_RUN)
    }
  }

  /** Ends the request with HANDLER_FAILED. */
  async fail(detail: string): Promise<StreamEnd> {
    clearTimeout(this.#timer)
    const { message } = this.#parts
    const entry = finalEntry(message, 'failed', errorFrame(message, 'HANDLER_FAILED', detail))
    return { outcome: entry.outcome, result: await this.#finish(entry) }
  }

  #finish(entry: FinishFinal): Promise<FinishResult> {
    return new Promise(resolve => this.#parts.finisher.add(entry, resolve))
  }
}
