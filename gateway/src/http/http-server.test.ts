import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { until } from '@causeway/testing'
import { WebSocket } from 'ws'
import { fakeGateway } from '../gateway.fixture.ts'
import type { Health } from '../health.ts'
import { httpServer } from './http-server.ts'

const MAX_PAYLOAD = 1_024

describe('the HTTP port', async () => {
  const gateway = fakeGateway({ maxPayload: MAX_PAYLOAD })
  const dependencies: Health['dependencies'] = { kafka: { ok: true, since: 1 } }
  const server = await httpServer(gateway.context, {
    dependencies,
    get ok() {
      return dependencies.kafka.ok
    },
  } as Health)
  let url: string

  before(async () => {
    await server.listen({ host: '127.0.0.1', port: 0 })
    url = `ws://127.0.0.1:${(server.server.address() as AddressInfo).port}/ws`
  })
  after(() => server.close())

  /** The status that refuses a WebSocket; 101 where it opens. */
  const statusOf = async (headers: Record<string, string>): Promise<number | undefined> => {
    const socket = new WebSocket(url, 'causeway.json', { headers })
    socket.on('error', () => {})
    const refused = once(socket, 'unexpected-response').then(([, response]) => (response as { statusCode: number }).statusCode)
    const status = await Promise.race([once(socket, 'open').then(() => 101), refused])
    socket.terminate()
    return status
  }

  test('opens a WebSocket for pages of this machine and for what is no browser, not for a page of elsewhere', async () => {
    assert.equal(await statusOf({}), 101)
    assert.equal(await statusOf({ origin: 'http://localhost:5173' }), 101)
    assert.equal(await statusOf({ origin: 'https://evil.example' }), 403)
  })

  test('keeps nothing of the request that an open WebSocket came by', async () => {
    const kept: WeakRef<object>[] = []
    server.server.once('upgrade', request => kept.push(new WeakRef(request)))
    const socket = new WebSocket(url, 'causeway.json')
    await once(socket, 'open')
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    assert.equal(kept.length, 1)
    await until(() => {
      collect()
      return kept[0].deref() === undefined
    })
    assert.equal(socket.readyState, WebSocket.OPEN)
    socket.terminate()
  })

  test('lets the socket of an upgrade to no URL at all go', async () => {
    const socket = connect((server.server.address() as AddressInfo).port, '127.0.0.1')
    socket.write(
      'GET /%ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
    )
    let reply = ''
    socket.setEncoding('utf8').on('data', text => {
      reply += text
    })
    await once(socket, 'end')
    assert.match(reply, /^HTTP\/1.1 400 /)
    assert.match(reply, /application\/problem\+json|"title"/)
  })

  test('opens none for a page whose own name was made to point here', async () => {
    assert.equal(await statusOf({ origin: 'http://evil.example:7401', host: 'evil.example:7401' }), 403)
  })

  test('takes no message of such pages either', async () => {
    const post = async (headers: Record<string, string>) => {
      const reply = await server.inject({ method: 'POST', url: '/v1/messages', payload: { session: 'nobody' }, headers })
      return [reply.statusCode, reply.json().code]
    }
    assert.deepEqual(await post({ host: 'localhost:7401' }), [404, 'SESSION_UNKNOWN'])
    assert.deepEqual(await post({ host: 'localhost:7401', origin: 'http://localhost:7401' }), [404, 'SESSION_UNKNOWN'])
    assert.deepEqual(await post({ host: 'localhost:7401', origin: 'https://evil.example' }), [403, 'FORBIDDEN'])
    assert.deepEqual(await post({ host: 'evil.example', origin: 'http://evil.example' }), [403, 'FORBIDDEN'])
  })

  test('closes a causeway.json connection whose payload is above the limit as TOO_LARGE', async () => {
    const socket = new WebSocket(url, 'causeway.json')
    const told: Record<string, unknown>[] = []
    socket.on('message', data => told.push(JSON.parse(String(data)) as Record<string, unknown>))
    await once(socket, 'open')
    const send = (message: object) => socket.send(JSON.stringify(message))
    send({ type: 'syn', client: { name: 'test', version: '1' } })
    await once(socket, 'message')
    send({ type: 'ack' })
    send({ type: 'request', id: 1, op: 'echo', payload: 'x'.repeat(MAX_PAYLOAD - 2) })
    send({ type: 'request', id: 2, op: 'echo', payload: 'x'.repeat(MAX_PAYLOAD - 1) })
    const [code] = (await once(socket, 'close')) as [number]
    const error = told.find(({ type }) => type === 'error')
    assert.deepEqual([code, error?.id, error?.code, gateway.appender.records.length], [4504, 2, 'TOO_LARGE', 1])
  })

  test('is ready while its dependencies are, and says which is not', async () => {
    assert.equal((await server.inject('/readyz')).statusCode, 200)
    dependencies.kafka = { ok: false, error: 'connection refused', since: 2 }
    const reply = await server.inject('/readyz')
    assert.deepEqual([reply.statusCode, reply.json()], [503, { status: 'not ready', dependencies }])
    assert.equal((await server.inject('/livez')).statusCode, 200)
    dependencies.kafka = { ok: true, since: 3 }
    gateway.state.draining = true
    assert.deepEqual([(await server.inject('/readyz')).json().status, (await server.inject('/livez')).statusCode], ['draining', 200])
    gateway.state.draining = false
  })
})
