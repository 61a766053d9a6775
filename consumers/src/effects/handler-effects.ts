import type { Sessions, SharedValue, StateQuery, StoredState } from '@causeway/sessions'
import type { Logger } from '@causeway/telemetry'
import type { Routes } from '../emits/emitted.ts'
import type { Route } from '../route.ts'
import type { StoredMessage } from '../stored-message.ts'
import { SHARED_READ, STATES_READ } from './limits.ts'
import { MessageEffects } from './message-effects.ts'
import { TurnReads } from './turn-reads.ts'

export interface HandlerEffectsOptions {
  /** Whose state it is, and who emits: on whatever track. */
  service: string
  sessions: Pick<Sessions, 'states' | 'shared'>
  routes: Routes
  maxPayload: number
  /** Default: the machine's time. */
  now?: () => number
  /** Emits of a bucket wait for a relay. */
  emitted: (bucket: number) => void
  /** An emit was refused because it would never end. */
  looped?: () => void
  logger: Logger
}

const IN_REPLAY = 'a replay has no finish that could take it along: send a message instead'

/** Makes for each message what its handler may write and emit. */
export class HandlerEffects {
  readonly #options: HandlerEffectsOptions
  readonly #states: TurnReads<StateQuery, StoredState>
  readonly #shared: TurnReads<string, SharedValue>

  constructor(options: HandlerEffectsOptions) {
    this.#options = options
    const { sessions, service, logger } = options
    this.#states = new TurnReads({ what: 'reading state', most: STATES_READ, call: queries => sessions.states(queries), logger })
    this.#shared = new TurnReads({ what: 'reading shared state', most: SHARED_READ, call: keys => sessions.shared(service, keys), logger })
  }

  of(message: StoredMessage, route: Route, isReplay: boolean): MessageEffects {
    const { service, routes, maxPayload, looped, now = Date.now } = this.#options
    const { session, bucket } = message
    const read = () => this.#states.read({ service, session, bucket })
    const readShared = (key: string) => this.#shared.read(key)
    const refusal = isReplay ? IN_REPLAY : undefined
    return new MessageEffects({ service, message, routes, maxPayload, now, looped, read, readShared, ...refusalsOf(route, refusal) })
  }

  /** After a finish that emitted. */
  emitted(bucket: number): void {
    this.#options.emitted(bucket)
  }
}

function refusalsOf({ name, order, policies }: Route, refusal: string | undefined) {
  if (policies.cache !== undefined) {
    const cached = `route ${name} has a cache, which answers without its handler`
    return { refusal: refusal ?? cached, stateRefusal: cached }
  }
  const only = "only with order 'session' is a handler its session's single writer"
  const stateRefusal = order === 'session' ? undefined : `route ${name} has order '${order}': ${only}`
  return { refusal, stateRefusal }
}
