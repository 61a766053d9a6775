import type { Client } from './client.ts'
import type { MessageOptions } from './options.ts'

/** What routes take and answer, by their name; `causeway routes --types` prints them. */
export type RouteTypes<R> = { [Name in keyof R]: { input: unknown; output: unknown } }

type Names<R> = keyof R & string
/** A payload may be left out only where anything may be one. */
type Given<R extends RouteTypes<R>, Name extends keyof R> = unknown extends R[Name]['input']
  ? [payload?: unknown, options?: MessageOptions]
  : [payload: R[Name]['input'], options?: MessageOptions]

/** A client whose routes are known to the compiler. */
export interface TypedClient<R extends RouteTypes<R>> extends Omit<Client, 'request' | 'notify' | 'stream'> {
  request<Name extends Names<R>>(route: Name, ...given: Given<R, Name>): Promise<R[Name]['output']>
  notify<Name extends Names<R>>(route: Name, ...given: Given<R, Name>): Promise<void>
  stream<Name extends Names<R>>(route: Name, ...given: Given<R, Name>): AsyncIterableIterator<R[Name]['output']>
}
