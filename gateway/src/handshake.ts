import { within } from '@causeway/backends'
import { encodeSynAck, ProtocolError, type Syn, type SynAck } from '@causeway/protocol'
import type { Identity } from './authentication.ts'
import type { Subscriber } from './channel-hub.ts'
import type { ConnectionContext } from './connection-context.ts'
import { BACKEND_TIMEOUT_MS, MAX_KEEP_ALIVE_MS, MIN_KEEP_ALIVE_MS } from './limits.ts'
import type { SessionOwner } from './session.ts'
import type { HeldSession } from './session-host.ts'
import { refusalOf } from './subscription.ts'

export interface Opened {
  held: HeldSession
  synAck: Uint8Array
  keepAliveMs: number
  /** Unix ms. */
  tokenExpiresAt: number
  identity: Identity
}

/**
 * Answers a SYN (docs/protocol.md, section 4): who is it, a new session or an old one, and the SYN_ACK that says so.
 * Throws ProtocolError with the code that closes the connection; any other error means that a backend is away.
 */
export async function shakeHands(
  context: ConnectionContext,
  owner: SessionOwner & Subscriber,
  syn: Syn,
  headerToken: string | undefined,
): Promise<Opened> {
  const { config, host } = context
  if (context.draining()) throw new ProtocolError('GOING_AWAY', 'this gateway is draining: connect again to reach another')
  if (host.full) throw new ProtocolError('OVERLOADED', 'this gateway holds as many sessions as it may')
  const identity = await context.authenticate(syn.token ?? headerToken)
  const { principal, expiresAt } = identity
  const opening = openOrResume(context, owner, syn, principal)
  const held = await within(BACKEND_TIMEOUT_MS, opening).catch(error => {
    // the store may answer yet: nobody is there for that session any more
    void opening.then(late => host.detach(late.session)).catch(() => undefined)
    throw error
  })
  const channels = await within(BACKEND_TIMEOUT_MS, subscribe(context, owner, identity, syn.channels)).catch(error => {
    // nobody is told of this session, and its connection does not know of it
    context.channels.drop(owner)
    if (held.session.owner === owner) host.detach(held.session)
    throw error
  })
  const keepAliveMs = Math.min(Math.max(syn.keepAliveMs ?? config.keepAlive, MIN_KEEP_ALIVE_MS), MAX_KEEP_ALIVE_MS)
  const synAck = encodeSynAck({
    session: held.session.id,
    resumeToken: held.resumeToken,
    epoch: held.session.epoch,
    resumed: held.resumed,
    recovered: held.recovered,
    channels,
    lastMsgId: held.lastMsgId,
    window: { messages: config.window, bytes: config.windowBytes },
    maxPayload: config.maxPayload,
    keepAliveMs,
    server: { id: context.gateway, version: context.version },
    principal: principal === '' ? undefined : principal,
  })
  return { held, synAck, keepAliveMs, tokenExpiresAt: expiresAt, identity }
}

/** Takes a session's channels up again, held until the handshake has ended. What it may not have, or what is no name, is not in the answer. */
async function subscribe(
  { channels: hub }: ConnectionContext,
  subscriber: Subscriber,
  identity: Identity,
  wanted: Syn['channels'],
): Promise<SynAck['channels']> {
  if (wanted === undefined) return undefined
  const allowed = Object.entries(wanted).filter(([channel]) => refusalOf(hub, subscriber, identity, channel) === undefined)
  return Object.fromEntries(
    await Promise.all(allowed.map(async ([channel, offset]) => [channel, await hub.subscribe(subscriber, channel, offset)] as const)),
  )
}

async function openOrResume({ host, counters }: ConnectionContext, owner: SessionOwner, syn: Syn, principal: string): Promise<HeldSession> {
  if (syn.session !== undefined) {
    const held = await host.resume(owner, syn, principal)
    if (held === 'denied') throw new ProtocolError('SESSION_UNKNOWN', 'the resumeToken is not that of this session')
    if (held === 'stale') {
      counters.staleSyns++
      throw new ProtocolError('REPLACED', 'a later SYN of the same client has resumed this session')
    }
    if (held !== undefined) return held
  }
  return await host.open(owner, principal)
}
