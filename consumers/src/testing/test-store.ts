import { decodeFrame } from '@causeway/protocol'
import type { Effects, Emit, FinishEntry, FinishResult, Outcome, Sessions, SharedValue, StateQuery, StoredState } from '@causeway/sessions'
import { type Answer, type AnswerError, readAnswer, readValue } from './answer.ts'

/** A message that has not come to its end, and who is told what comes of it. */
export interface OpenMessage {
  answer(answer: Answer): void
  ended(outcome: Outcome): void
}

/** A PUSH that took effect. */
export interface TestPush {
  readonly session?: string
  readonly channel?: string
  /** JSON as its value; bytes as they are. */
  readonly payload: unknown
}

const nothing = (): StoredState => ({ version: 0, values: new Map() })
const keyOf = (session: string, msgId: number): string => `${session} ${msgId}`

/** The part of the sessions port that a message runner needs: each message ends once, what comes later is a duplicate. */
export class TestStore {
  readonly pushes: TestPush[] = []
  readonly #open = new Map<string, OpenMessage>()
  readonly #states = new Map<string, StoredState>()
  readonly #shared = new Map<string, SharedValue>()
  #versions = 0
  readonly #emitted: (emit: Emit) => void

  /** `emitted` is called with what finishes have emitted. */
  constructor(emitted: (emit: Emit) => void) {
    this.#emitted = emitted
  }

  /** The port, of which no more is called than this. */
  get port(): Sessions {
    return this as unknown as Sessions
  }

  async states(queries: readonly StateQuery[]): Promise<StoredState[]> {
    return queries.map(({ session }) => {
      const { version, values } = this.#states.get(session) ?? nothing()
      return { version, values: new Map(values) }
    })
  }

  open(session: string, msgId: number, message: OpenMessage): void {
    this.#open.set(keyOf(session, msgId), message)
  }

  isOpen(session: string, msgId: number): boolean {
    return this.#open.has(keyOf(session, msgId))
  }

  async finish(entries: readonly FinishEntry[]): Promise<FinishResult[]> {
    return entries.map(entry => ({ status: this.#take(entry) }))
  }

  #take(entry: FinishEntry): FinishResult['status'] {
    const { kind, session, frame } = entry
    const open = entry.msgId === undefined ? undefined : this.#open.get(keyOf(session, entry.msgId))
    if (entry.msgId !== undefined && open === undefined) return 'duplicate'
    if (kind === 'push') {
      this.#push(session, frame!)
      return 'done'
    }
    const effects = kind === 'final' ? entry.effects : undefined
    if (effects !== undefined && this.#conflicts(session, effects)) return 'conflict'
    for (const pushed of effects?.pushes ?? []) this.#push(session, pushed)
    if (frame !== undefined) open!.answer(readAnswer(frame))
    if (effects !== undefined) this.#apply(session, effects)
    if (kind === 'final') this.#end(session, entry.msgId, entry.outcome)
    return 'done'
  }

  #push(session: string, frame: Uint8Array): void {
    const { codec, payload } = decodeFrame(frame)
    this.pushes.push({ session, payload: readValue(codec, payload) })
  }

  async shared(_service: string, keys: readonly string[]): Promise<SharedValue[]> {
    return keys.map(key => this.#shared.get(key) ?? { version: 0, value: undefined })
  }

  #conflicts(session: string, { state, shared }: Effects): boolean {
    if (state !== undefined && (this.#states.get(session)?.version ?? 0) !== state.version) return true
    return shared?.reads.some(([key, version]) => (this.#shared.get(key)?.version ?? 0) !== version) === true
  }

  #apply(session: string, { state, shared, emits }: Effects): void {
    this.#versions++
    for (const [key, value] of shared?.sets ?? []) this.#shared.set(key, { version: this.#versions, value })
    for (const key of shared?.deletes ?? []) this.#shared.delete(key)
    if (state !== undefined && state.sets.length + state.deletes.length > 0) {
      const { version, values } = this.#states.get(session) ?? nothing()
      for (const [key, value] of state.sets) values.set(key, value)
      for (const key of state.deletes) values.delete(key)
      this.#states.set(session, { version: version + 1, values })
    }
    for (const emit of emits?.emits ?? []) this.#emitted(emit)
  }

  /** What is kept of a session, as bytes by key. */
  stateOf(session: string): ReadonlyMap<string, Uint8Array> {
    return this.#states.get(session)?.values ?? new Map()
  }

  /** Ends it from outside its handler, where it has not ended. */
  fail(session: string, msgId: number, outcome: Outcome, error: AnswerError): void {
    this.#open.get(keyOf(session, msgId))?.answer({ kind: 'error', error })
    this.#end(session, msgId, outcome)
  }

  #end(session: string, msgId: number, outcome: Outcome): void {
    const key = keyOf(session, msgId)
    const open = this.#open.get(key)
    this.#open.delete(key)
    open?.ended(outcome)
  }
}
