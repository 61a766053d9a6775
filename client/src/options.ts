/** What a user says to the client, and what it says back. */
import type { Backoff } from './backoff.ts'
import type { CausewayError } from './errors.ts'

/** What a `tls://` or `wss://` connection goes by beside the system's CAs: PEM, as text or bytes. In Node alone; a browser has its own. */
export interface TlsCredentials {
  /** CAs that may have signed the gateway's certificate, in place of the system's. */
  ca?: string | Uint8Array
  /** Certificate and key of this client, where the gateway asks for one. */
  cert?: string | Uint8Array
  key?: string | Uint8Array
  /** Name that the gateway's certificate must have. Default: the address's host. */
  servername?: string
}

/** How a gateway is chosen among several: in turn, by chance, by chance and weight, or the one with the fewest connections for its weight. */
export type Balance = 'round-robin' | 'random' | 'weighted' | 'least-loaded'

/** How to connect. What is unknown, of another kind or out of bounds is refused by its name: TypeError or RangeError. */
export interface ConnectOptions {
  /** Called before each connection; its result goes into SYN. Default: no token. */
  token?: () => Promise<string | undefined> | string | undefined
  /** Whole milliseconds between which the wait before an attempt grows; the wait itself is drawn from 0 to it. Default 500 to 20,000. */
  backoff?: Partial<Backoff>
  /** Whole milliseconds, from 1, that `connect` tries before it rejects with UNREACHABLE. Default 10,000. */
  connectTimeout?: number
  /** Whole milliseconds, from 1, of silence after which a PING is asked for; the server's SYN_ACK decides. Default 30,000. */
  keepAlive?: number
  /** How the gateway of each connection is chosen, where there are several. Default `random`; the last two need `discover`. */
  balance?: Balance
  /** HTTP address of any gateway (`http://host:7401`), asked for all of them (GET /v1/services); for `tcp://` and `ws://`. Default: the addresses are all there are. */
  discover?: string | URL
  /** For `tls://` and `wss://` alone. Default: the system's CAs, no certificate. */
  tls?: TlsCredentials
}

/** How to send one message. What is unknown, of another kind or out of bounds is refused by its name: TypeError or RangeError. */
export interface MessageOptions {
  /** Whole milliseconds from now, from 1, until it ends as TIMEOUT; the server cuts it to 24 hours. Default: the route's, else the server's 60 s. */
  timeout?: number
  /** Idempotency key. */
  key?: string
  /** Cancels it: rejects with CANCELLED, and the server is told. */
  signal?: AbortSignal
  /** Told, before a request resolves, who answered in the handler's stead: `fallback`, the route's own answer while its breaker is open. */
  onAnsweredBy?: (who: string) => void
}

/** Where the connection stands. */
export type ClientState =
  | { state: 'connecting' }
  /** `recovered` is undefined on the first connection; false: deliveries may be lost, and what was unanswered is UNKNOWN where the session is new. */
  | { state: 'connected'; session: string; recovered: boolean | undefined }
  | { state: 'disconnected'; error: CausewayError }
  /** For good: by `close`, or by a code that says not to come back. */
  | { state: 'closed'; error: CausewayError }

/** A message that came without being asked for. */
export interface Push {
  payload: unknown
  /** Set where it came through a channel, with its place there. */
  channel: string | undefined
  offset: bigint | undefined
  /** It may have been sent before, on an earlier connection; it is still given only once. */
  redelivered: boolean
}

/** How to subscribe. */
export interface SubscribeOptions {
  /** All above it that is kept comes first. Default: what is published from now on. */
  offset?: number | bigint
  signal?: AbortSignal
}

/** Messages of a channel were missed: they are kept no more, or (`subscribed` false) the server gives the channel no more. */
export interface Missed {
  channel: string
  subscribed: boolean
}

/** Events by name. */
export type ClientEvents = { state: ClientState; push: Push; missed: Missed }
