import type { Channels } from '@causeway/channels'
import type { Log } from '@causeway/log'
import type { Registry } from '@causeway/registry'
import type { Results } from '@causeway/results'
import type { Retries } from '@causeway/retries'
import type { Sessions } from '@causeway/sessions'

/** The ports of one process. */
export interface Backends extends AsyncDisposable {
  /** What stands behind the ports, for people. */
  readonly kind: 'embedded' | 'kafka and redis'
  readonly log: Log
  readonly sessions: Sessions
  readonly retries: Retries
  readonly registry: Registry
  readonly channels: Channels
  readonly results: Results
  close(): Promise<void>
}

/** Closes them in the order of `closing`. */
export function backends(
  kind: Backends['kind'],
  ports: Pick<Backends, 'log' | 'sessions' | 'retries' | 'registry' | 'channels' | 'results'>,
  closing: readonly { close(): Promise<void> }[],
): Backends {
  const close = async (): Promise<void> => {
    for (const part of closing) await part.close()
  }
  return { kind, ...ports, close, [Symbol.asyncDispose]: close }
}
