import type { FinishBatcher } from '@causeway/sessions'
import type { Logger } from '@causeway/telemetry'
import type { ServiceConfig } from './central/service-config.ts'
import type { Context } from './context.ts'
import type { MessageEffects } from './effects/message-effects.ts'
import type { Once } from './once.ts'
import { type Publish, type PushTarget, pushBy } from './pushes.ts'
import type { Ask } from './requests/requests.ts'
import type { Route } from './route.ts'
import type { StoredMessage } from './stored-message.ts'

/** What handlers can reach beside their input: one for all messages of a runner. */
export interface Reach {
  push(ctx: Context, target: PushTarget, payload: unknown): Promise<void>
  once: Once
  /** Where there is none, `ctx.request` fails. */
  ask: Ask | undefined
  /** The service's own keys of the central configuration; where there is none, defaults. */
  config: Pick<ServiceConfig, 'get'> | undefined
  /** Keeps a message's state and emits until its finish; where there is none, both fail. */
  effects: { of(message: StoredMessage, route: Route, isReplay: boolean): MessageEffects } | undefined
  logger: Logger
}

export interface ReachOptions {
  finisher: FinishBatcher
  /** To a channel. */
  publish: Publish
  once: Once
  /** What `ctx.request` does. */
  ask?: Ask
  /** What `ctx.config` reads. */
  config?: Pick<ServiceConfig, 'get'>
  /** Bytes of the largest payload that clients take. */
  maxPayload: number
  logger: Logger
}

export function reachBy(options: ReachOptions, effects: Reach['effects']): Reach {
  const { finisher, publish, maxPayload, once, ask, config, logger } = options
  return { push: pushBy(finisher, publish, maxPayload), once, ask, config, effects, logger }
}
