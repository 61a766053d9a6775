import { within } from '@causeway/backends'
import { wrongChannel } from '@causeway/channels'
import { decodeSubscribe, type Frame, FrameType, ProtocolError, problem } from '@causeway/protocol'
import type { Identity } from './authentication.ts'
import { mayReceive } from './channel-access.ts'
import type { ChannelHub, Subscriber } from './channel-hub.ts'
import type { ConnectionContext } from './connection-context.ts'
import { BACKEND_TIMEOUT_MS } from './limits.ts'
import type { GatewaySession } from './session.ts'

/** Who is told what became of a SUBSCRIBE. */
interface Asker extends Subscriber {
  reply(msgId: number, payload: string): void
}

/** Answers SUBSCRIBE and UNSUBSCRIBE here and now (docs/protocol.md, section 5): they are no messages for a worker, and nothing of them is stored. */
export async function answerSubscription(
  context: ConnectionContext,
  asker: Asker,
  identity: Identity,
  session: GatewaySession,
  { type, msgId, metadata, payload }: Frame,
): Promise<void> {
  const { channels, admission, logger } = context
  const channel = metadata?.channel ?? ''
  try {
    if (type === FrameType.UNSUBSCRIBE) {
      channels.unsubscribe(asker, channel)
      asker.reply(msgId, '{}')
      return
    }
    const offset = offsetOf(payload)
    const refusal = refusalOf(channels, asker, identity, channel)
    if (refusal !== undefined) throw refusal
    const subscribed = await within(BACKEND_TIMEOUT_MS, channels.subscribe(asker, channel, offset))
    asker.reply(msgId, JSON.stringify(subscribed))
    channels.begin(asker, channel)
  } catch (error) {
    if (!(error instanceof ProtocolError)) {
      // the store may answer yet
      channels.unsubscribe(asker, channel)
      logger.warn({ channel, error: (error as Error).message }, 'a channel could not be subscribed to')
    }
    const refusal =
      error instanceof ProtocolError ? error.problem() : problem('BACKEND_UNAVAILABLE', { detail: 'the store of channels does not answer' })
    if (session.owner !== undefined) admission.refuse(session, msgId, refusal)
  }
}

/** Why a client can't subscribe to a channel, here or by its SYN; undefined where it can. */
export function refusalOf(channels: ChannelHub, subscriber: Subscriber, identity: Identity, channel: string): ProtocolError | undefined {
  const wrong = wrongChannel(channel)
  if (wrong !== undefined) return new ProtocolError('BAD_PAYLOAD', wrong)
  if (!mayReceive(identity, channel)) return new ProtocolError('FORBIDDEN', `the token's channels do not include ${channel}`)
  const full = channels.full(subscriber)
  return full === undefined ? undefined : new ProtocolError('OVERLOADED', full)
}

/** A bad payload ends its message alone. */
function offsetOf(payload: Uint8Array): number | undefined {
  try {
    return decodeSubscribe(payload).offset
  } catch (error) {
    throw new ProtocolError('BAD_PAYLOAD', (error as ProtocolError).detail, { cause: error })
  }
}
