/** Client for Node and browsers: request, notify, stream, push, resume. */

export type { Backoff } from './backoff.ts'
export { Client } from './client.ts'
export { connect } from './connect.ts'
export type { ErrorCode } from './errors.ts'
export { CausewayError } from './errors.ts'
export type {
  Balance,
  ClientEvents,
  ClientState,
  ConnectOptions,
  MessageOptions,
  Missed,
  Push,
  SubscribeOptions,
  TlsCredentials,
} from './options.ts'
export type { RouteTypes, TypedClient } from './route-types.ts'
export type { Subscription } from './subscriptions.ts'
