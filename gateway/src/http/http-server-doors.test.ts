/** Who gets to the HTTP port, plain and over TLS; what it does with them is in http-server.test.ts. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type RequestOptions, request as requestPlain } from 'node:http'
import { request as requestSecurely } from 'node:https'
import type { AddressInfo } from 'node:net'
import { describe, test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { CERTIFICATES, until } from '@causeway/testing'
import { type ClientOptions, WebSocket } from 'ws'
import { type FakeGateway, fakeGateway } from '../gateway.fixture.ts'
import type { Health } from '../health.ts'
import { TlsPort } from '../listeners/tls-port.ts'
import { httpServer } from './http-server.ts'

const HEALTHY = { ok: true, dependencies: {} } as unknown as Health
const SETTINGS = { cert: 'CAUSEWAY_TLS_CERT', key: 'CAUSEWAY_TLS_KEY', ca: 'CAUSEWAY_TLS_CA' }
const CA = readFileSync(CERTIFICATES.ca)
const METER = { cert: readFileSync(CERTIFICATES.meter.cert), key: readFileSync(CERTIFICATES.meter.key) }

type Credentials = { cert?: Buffer; key?: Buffer }

/** A server on the inside of a gateway, over TLS where it has a port for it. */
async function open(settings: Parameters<typeof fakeGateway>[0], tls?: TlsPort) {
  const gateway: FakeGateway = fakeGateway(settings)
  const server = await httpServer(gateway.context, HEALTHY, tls)
  await server.listen({ host: '127.0.0.1', port: 0 })
  const { port } = server.server.address() as AddressInfo
  const target: RequestOptions & Credentials = { host: '127.0.0.1', port, ...(tls && { ca: CA }) }
  return {
    gateway,
    server,
    websocket: (options: ClientOptions = {}) =>
      new WebSocket(`${tls ? 'wss' : 'ws'}://127.0.0.1:${port}/ws`, 'causeway.json', { ...(tls && { ca: CA }), ...options }),
    /** Status of a request; rejects where the connection breaks. */
    status: async (path: string, credentials: Credentials = {}, headers = {}): Promise<number> => {
      const options = { ...target, ...credentials, path, headers, agent: false }
      const sent = tls ? requestSecurely(options) : requestPlain(options)
      sent.end()
      const [response] = (await once(sent, 'response')) as [{ statusCode: number; resume: () => void }]
      response.resume()
      return response.statusCode
    },
    [Symbol.asyncDispose]: () => server.close(),
  }
}

const plainTls = (): TlsPort => new TlsPort(CERTIFICATES.gateway, 'anybody', SETTINGS)
const mutualTls = (): TlsPort => new TlsPort({ ...CERTIFICATES.gateway, ca: CERTIFICATES.ca }, 'certified', SETTINGS)

describe('the HTTP port', () => {
  test('is closed to addresses that are not allowed: to requests, health and WebSockets alike', async () => {
    for (const settings of [{ deny: '127.0.0.1' }, { allow: '10.0.0.0/8' }]) {
      await using port = await open(settings)
      await assert.rejects(port.status('/readyz'), { code: 'ECONNRESET' })
      const [error] = (await once(port.websocket(), 'error')) as [Error & { code: string }]
      assert.equal(error.code, 'ECONNRESET')
      assert.deepEqual(port.gateway.counters.barred, { address: 2 })
    }
    await using port = await open({ allow: '127.0.0.1' })
    assert.equal(await port.status('/readyz'), 200)
  })
})

describe('the HTTP port over TLS', () => {
  test('serves requests and WebSockets', async () => {
    await using port = await open({}, plainTls())
    assert.equal(await port.status('/livez'), 200)
    const socket = port.websocket()
    await once(socket, 'open')
    socket.send('{"type":"syn","client":{"name":"x","version":"1"}}')
    const [told] = (await once(socket, 'message')) as [Buffer]
    assert.equal(JSON.parse(String(told)).type, 'syn_ack')
    socket.terminate()
  })

  test('checks origins as the plain one does', async () => {
    await using port = await open({}, plainTls())
    const [, refused] = (await once(port.websocket({ origin: 'https://evil.example' }), 'unexpected-response')) as [
      unknown,
      { statusCode: number },
    ]
    assert.equal(refused.statusCode, 403)
    const socket = port.websocket({ origin: 'https://localhost:7444' })
    await once(socket, 'open')
    socket.terminate()
  })

  test('with a CA takes no client without a certificate, and its name is the principal of a WebSocket and of a message', async () => {
    await using port = await open({}, mutualTls())
    await assert.rejects(port.status('/livez'))
    await until(() => port.gateway.counters.barred.certificate === 1)
    assert.equal(await port.status('/livez', METER), 200)
    const socket = port.websocket(METER)
    await once(socket, 'open')
    socket.send('{"type":"syn","client":{"name":"x","version":"1"}}')
    const [told] = (await once(socket, 'message')) as [Buffer]
    assert.equal(JSON.parse(String(told)).principal, 'meter-7')
    socket.terminate()
    const body = Buffer.from('{"route":"echo","payload":1}')
    const posted = requestSecurely({
      ...METER,
      ...{ host: '127.0.0.1', ca: CA, agent: false, method: 'POST', path: '/v1/messages', headers: { 'content-type': 'application/json' } },
      port: (port.server.server.address() as AddressInfo).port,
    })
    posted.on('error', () => {})
    posted.end(body)
    await until(() => port.gateway.appender.records.length === 1)
    assert.equal(port.gateway.appender.records[0].session.principal, 'meter-7')
    posted.destroy()
  })

  test('with tokens goes by the token, certificate or not', async () => {
    await using port = await open({ auth: 'jwt', jwtSecret: 'x'.repeat(32) }, mutualTls())
    const socket = port.websocket(METER)
    await once(socket, 'open')
    socket.send('{"type":"syn","client":{"name":"x","version":"1"}}')
    const [told] = (await once(socket, 'message')) as [Buffer]
    assert.equal(JSON.parse(String(told)).code, 'UNAUTHENTICATED')
    assert.equal(((await once(socket, 'close')) as [number])[0], 4510)
  })

  test('shows a renewed certificate to new connections', async () => {
    const tls = plainTls()
    await using port = await open({}, tls)
    Object.assign(tls.files, CERTIFICATES.gatewayRenewed)
    tls.renew()
    const socket = port.websocket()
    const [response] = (await once(socket, 'upgrade')) as [{ socket: TLSSocket }]
    assert.equal(response.socket.getPeerCertificate().subject.CN, 'gateway-renewed.test')
    socket.terminate()
  })

  test('WebSockets beyond the rate of connections are answered 503 there too', async () => {
    await using port = await open({ acceptRate: 1 }, plainTls())
    const sockets = Array.from({ length: 4 }, () => port.websocket())
    const outcomes = await Promise.all(
      sockets.map(socket =>
        Promise.race([
          once(socket, 'open').then(() => 101),
          once(socket, 'unexpected-response').then(([, response]) => (response as { statusCode: number }).statusCode),
        ]),
      ),
    )
    assert.ok(outcomes.includes(101) && outcomes.includes(503), String(outcomes))
    for (const socket of sockets) {
      socket.on('error', () => {})
      socket.terminate()
    }
  })
})
