import type { Effects } from '@causeway/sessions'
import { type EmitOptions, type EmitTarget, Emitted, type EmittedParts, nameOfTarget } from '../emits/emitted.ts'
import { SessionState, type SessionStateParts } from './session-state.ts'
import { SharedState, type SharedStateParts } from './shared-state.ts'

export interface MessageEffectsParts extends EmittedParts {
  read: SessionStateParts['read']
  readShared: SharedStateParts['read']
  /** Why nothing of this message can take effect; undefined where it can. */
  refusal: string | undefined
  /** Why state in particular can not be used. */
  stateRefusal: string | undefined
}

const OVER = 'the attempt is over: what comes after the answer has no effect'

/** State and emits of one attempt, until its finish takes them. */
export class MessageEffects {
  readonly #parts: MessageEffectsParts
  readonly #emitted: Emitted
  readonly #state: SessionState
  readonly #shared: SharedState
  #over = false

  constructor(parts: MessageEffectsParts) {
    this.#parts = parts
    this.#emitted = new Emitted(parts)
    const { service, message, read, readShared } = parts
    this.#shared = new SharedState({ service, read: readShared, refusal: () => this.#refusal() })
    this.#state = new SessionState({ service, session: message.session, read, refusal: () => this.#refusal() })
  }

  get state(): SessionState {
    const { stateRefusal } = this.#parts
    if (stateRefusal !== undefined) throw new TypeError(`state: ${stateRefusal}`)
    return this.#state
  }

  get shared(): SharedState {
    return this.#shared
  }

  emit(target: EmitTarget, payload: unknown, options: EmitOptions): Promise<void> {
    const refusal = this.#refusal()
    if (refusal !== undefined) throw new TypeError(`emit ${nameOfTarget(target)}: ${refusal}`)
    return this.#emitted.add(target, payload, options)
  }

  #refusal(): string | undefined {
    return this.#over ? OVER : this.#parts.refusal
  }

  /** Whether the finish has something to take with it. */
  get any(): boolean {
    return this.#state.isWritten || this.#shared.isWritten || !this.#emitted.isEmpty
  }

  /** Nothing is added any more. */
  close(): void {
    this.#over = true
  }

  /** All of it; rejects where it can't be. */
  async taken(pushes: readonly Uint8Array[]): Promise<Effects> {
    this.#over = true
    const emits = await this.#emitted.taken()
    const state = await this.#state.taken()
    const shared = await this.#shared.taken()
    return {
      pushes,
      ...(state === undefined ? {} : { state }),
      ...(shared === undefined ? {} : { shared }),
      ...(emits === undefined ? {} : { emits }),
    }
  }
}
