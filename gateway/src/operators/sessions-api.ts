import { within } from '@causeway/backends'
import { type ChannelListening, type Channels, SESSIONS_ENDED } from '@causeway/channels'
import type { Config } from '@causeway/config'
import { bucketOf, Codec, decodeFrame } from '@causeway/protocol'
import type { AuditLog } from '@causeway/retries'
import type { SessionInfo, Sessions } from '@causeway/sessions'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { BACKEND_TIMEOUT_MS } from '../limits.ts'
import type { SessionEvents } from '../session-events.ts'
import type { SessionHost } from '../session-host.ts'
import { limitOf, readReason } from './body.ts'
import { answerProblem, OperatorProblem } from './operator-problem.ts'
import { whoOf } from './who.ts'

export interface SessionsApiOptions {
  sessions: Sessions
  channels: Channels
  audit: AuditLog
  events: Pick<SessionEvents, 'closed'>
  config: Config
}

const SHOWN = 50
const SHOWN_MOST = 500

/** Sessions that are alive, and the end of one by hand. */
export function sessionsApi(server: FastifyInstance, options: SessionsApiOptions): void {
  const by = (handler: (request: FastifyRequest) => Promise<object>) => async (request: FastifyRequest, reply: FastifyReply) => {
    try {
      return await reply.send(await within(BACKEND_TIMEOUT_MS, handler(request)))
    } catch (error) {
      return await answerProblem(error, reply)
    }
  }
  server.register(async scope => {
    scope.setErrorHandler((error, _request, reply) => answerProblem(error, reply))
    scope.get(
      '/api/sessions',
      by(request => list(request, options)),
    )
    scope.get(
      '/api/sessions/:id',
      by(async request => view(await found(request, options), options)),
    )
    scope.post(
      '/api/sessions/:id/close',
      by(request => close(request, options)),
    )
  })
}

async function list({ query }: FastifyRequest, options: SessionsApiOptions): Promise<object> {
  const limit = limitOf((query as { limit?: unknown }).limit, SHOWN, SHOWN_MOST)
  const { total, sessions } = await options.sessions.list(limit)
  const infos = await Promise.all(sessions.map(session => options.sessions.info(session, bucketOf(session))))
  return { total, sessions: infos.filter(info => info !== undefined).map(info => view(info, options)) }
}

async function found({ params }: FastifyRequest, { sessions }: SessionsApiOptions): Promise<SessionInfo> {
  const { id } = params as { id: string }
  const info = await sessions.info(id, bucketOf(id))
  if (info === undefined) throw new OperatorProblem('NOT_FOUND', `there is no session ${id.slice(0, 100)}: it has ended, or never was`)
  return info
}

function view(info: SessionInfo, { config }: SessionsApiOptions): object {
  const { session, principal, gateway, epoch, incarnation, expiresAt, accepted, finished, waiting, seq, acknowledged } = info
  const inFlight = Math.max(0, accepted - finished - waiting)
  return {
    ...{ session, principal, gateway, epoch, incarnation, expiresAt, accepted, finished },
    window: { messages: config.window, open: Math.max(0, config.window - inFlight - waiting) },
    ...{ inFlight, parked: waiting, outbox: Math.max(0, seq - acknowledged) },
  }
}

/** Under the epoch that was looked at: a session that was resumed meanwhile is another connection's. */
async function close(request: FastifyRequest, options: SessionsApiOptions): Promise<object> {
  const reason = readReason(request.body)
  const { session: id, principal, epoch, incarnation, gateway } = await found(request, options)
  const { sessions, channels, audit, events } = options
  await audit.record({ at: Date.now(), ...whoOf(request), action: 'close session', reason, details: { session: id, principal, gateway } })
  await sessions.end(id, bucketOf(id), epoch)
  if ((await sessions.info(id, bucketOf(id))) !== undefined)
    throw new OperatorProblem('CONFLICT', `session ${id} was resumed in this moment: look at it again`)
  events.closed({ id, principal, epoch, incarnation }, 'operator')
  await channels.tell(SESSIONS_ENDED, Buffer.from(JSON.stringify({ session: id })), Codec.JSON)
  return { session: id, closed: true }
}

/** Has a gateway look at once after its sessions that were ended elsewhere: their connections are closed. What is missed here is met by the next renewal. */
export async function watchEndedSessions(channels: Channels, host: Pick<SessionHost, 'held' | 'touched'>): Promise<ChannelListening> {
  const listening = await channels.listen({
    message(_channel, { frame }) {
      const { session: id } = JSON.parse(Buffer.from(decodeFrame(frame).payload).toString()) as { session: string }
      const session = host.held.get(id)
      if (session === undefined) return
      session.renewAt = 0
      host.touched.add(session)
    },
    lost() {},
  })
  await listening.add(SESSIONS_ENDED)
  return listening
}
