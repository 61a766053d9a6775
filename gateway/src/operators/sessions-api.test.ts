import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { embeddedChannels } from '@causeway/channels/embedded'
import { loadConfig } from '@causeway/config'
import type { AuditEntry } from '@causeway/retries'
import type { SessionInfo, Sessions } from '@causeway/sessions'
import { until } from '@causeway/testing'
import Fastify from 'fastify'
import type { GatewaySession } from '../session.ts'
import { sessionsApi, watchEndedSessions } from './sessions-api.ts'

const INFO: SessionInfo = {
  ...{ session: 'a', principal: 'ann', gateway: 'gw-1', epoch: 3, incarnation: 'i', expiresAt: 9 },
  ...{ seq: 7, acknowledged: 5, storedMark: 0, doneMark: 0, accepted: 10, finished: 6, waiting: 1 },
}

async function api({ resumed = false } = {}) {
  const alive = new Map([['a', INFO]])
  const audited: AuditEntry[] = []
  const closed: unknown[] = []
  const channels = embeddedChannels()
  const sessions = {
    list: async (limit: number) => ({ total: 9, sessions: [...alive.keys(), 'just-ended'].slice(0, limit) }),
    info: async (session: string) => alive.get(session),
    end: async (session: string, _bucket: number, epoch: number) => {
      if (epoch === 3 && !resumed) alive.delete(session)
    },
  } as unknown as Sessions
  const session = { renewAt: 5_000 } as GatewaySession
  const host = { held: new Map([['a', session]]), touched: new Set<GatewaySession>() }
  const listening = await watchEndedSessions(channels, host)
  const server = Fastify()
  sessionsApi(server, {
    ...{ sessions, channels, config: loadConfig({ environment: { CAUSEWAY_WINDOW: '8' } }) },
    audit: { record: async entry => void audited.push(entry), list: async () => [] },
    events: { closed: (...event) => void closed.push(event) },
  })
  const call = async (method: 'GET' | 'POST', url: string, body?: object) => {
    const response = await server.inject({ method, url: `/api/sessions${url}`, ...(body && { payload: body }) })
    return { status: response.statusCode, body: response.json() as Record<string, never> }
  }
  return { call, audited, closed, session, host, listening }
}

describe("operators' sessions", () => {
  test('are shown with their window and what is on its way', async () => {
    const { call } = await api()
    const { body } = await call('GET', '/a')
    assert.deepEqual(body, {
      ...{ session: 'a', principal: 'ann', gateway: 'gw-1', epoch: 3, incarnation: 'i', expiresAt: 9, accepted: 10, finished: 6 },
      ...{ window: { messages: 8, open: 4 }, inFlight: 3, parked: 1, outbox: 2 },
    })
    const list = (await call('GET', '?limit=2')).body as unknown as { total: number; sessions: { session: string }[] }
    assert.deepEqual([list.total, list.sessions.map(({ session }) => session)], [9, ['a']])
    assert.equal((await call('GET', '/b')).status, 404)
    assert.equal((await call('GET', '?limit=501')).status, 400)
  })

  test('end by hand: audited before, an event after, and their gateway looks at once', async () => {
    const { call, audited, closed, session, host, listening } = await api()
    assert.equal((await call('POST', '/a/close', {})).status, 400)
    assert.deepEqual((await call('POST', '/a/close', { reason: 'stuck device' })).body, { session: 'a', closed: true })
    assert.deepEqual(
      audited.map(({ action, reason, details }) => [action, reason, details]),
      [['close session', 'stuck device', { session: 'a', principal: 'ann', gateway: 'gw-1' }]],
    )
    assert.deepEqual(closed, [[{ id: 'a', principal: 'ann', epoch: 3, incarnation: 'i' }, 'operator']])
    await until(() => host.touched.has(session))
    assert.equal(session.renewAt, 0)
    assert.equal((await call('POST', '/a/close', { reason: 'again' })).status, 404)
    await listening.close()
  })

  test('that were resumed meanwhile are left alone', async () => {
    const { call, closed, host } = await api({ resumed: true })
    assert.equal((await call('POST', '/a/close', { reason: 'stuck device' })).status, 409)
    assert.deepEqual([closed, host.touched.size], [[], 0])
  })
})
