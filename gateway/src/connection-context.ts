import type { Channels } from '@causeway/channels'
import type { Config, ListenerConfig } from '@causeway/config'
import type { RouteTable } from '@causeway/registry'
import type { Logger } from '@causeway/telemetry'
import type { Admission } from './admission.ts'
import type { Authenticate } from './authentication.ts'
import type { ChannelHub } from './channel-hub.ts'
import type { Counters } from './counters.ts'
import type { ServiceDirectory } from './http/service-directory.ts'
import type { SessionHost } from './session-host.ts'

/** A connection as its gateway looks at it. */
export interface OpenConnection {
  /** The listener of a dialect that it came by. */
  readonly listener?: ListenerConfig | undefined
  readonly transport: { readonly kind: string; readonly remote: string }
  tick(now: number): void
  leave(reason: string, reconnectAfterMs: number): void
  close(code: 'GOING_AWAY', detail?: string): void
}

/** What every connection of a gateway works with. */
export interface ConnectionContext {
  readonly gateway: string
  readonly version: string
  /** Its hot keys may change between two turns: read where they are needed, not kept. */
  readonly config: Config
  readonly host: SessionHost
  readonly admission: Admission
  readonly routes: RouteTable
  readonly channels: ChannelHub
  readonly directory: ServiceDirectory
  readonly publish: Channels['publish']
  /** Tells the workers of a service that nobody wants an answer any more; best effort. */
  readonly cancelled: (service: string, session: string, msgId: number) => void
  readonly authenticate: Authenticate
  readonly counters: Counters
  readonly connections: Set<OpenConnection>
  /** Whether the gateway takes no new sessions: it is draining. */
  readonly draining: () => boolean
  readonly logger: Logger
}
