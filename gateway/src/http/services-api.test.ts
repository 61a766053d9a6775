import assert from 'node:assert/strict'
import { type AddressInfo, connect } from 'node:net'
import { after, before, describe, test } from 'node:test'
import type { GatewayProcess } from '@causeway/registry'
import { turn, until } from '@causeway/testing'
import { fakeGateway, pictureOf, routeOf } from '../gateway.fixture.ts'
import type { Health } from '../health.ts'
import { httpServer } from './http-server.ts'
import type { Directory } from './service-directory.ts'

const gatewayProcess = (id: string, stats: Record<string, number> = {}): GatewayProcess => ({
  ...{ kind: 'gateway', id, host: `${id}.example`, startedAt: 0, tcpPort: 7400, httpPort: 7401, stats },
})

describe('GET /v1/services', async () => {
  const gateway = fakeGateway()
  const { directory } = gateway.context
  const server = await httpServer(gateway.context, { dependencies: {}, ok: true } as unknown as Health)
  let url: string

  before(async () => {
    await server.listen({ host: '127.0.0.1', port: 0 })
    url = `http://127.0.0.1:${(server.server.address() as AddressInfo).port}/v1/services`
  })
  after(() => server.close())

  const show = (...gateways: GatewayProcess[]): void => {
    gateway.state.picture = { ...pictureOf([routeOf('echo', 1)], [routeOf('gone', 2)]), gateways }
    directory.look()
  }
  const read = async (): Promise<Directory> => (await (await fetch(url)).json()) as Directory

  test('tells gateways with their weights and load, services with their versions and routes', async () => {
    show(gatewayProcess('gw-2', { draining: 1, connections: 3 }), gatewayProcess('gw-1', { connections: 7, sessions: 8 }))
    const { gateways, services, stale } = await read()
    assert.deepEqual(gateways, [
      { id: 'gw-1', host: 'gw-1.example', tcpPort: 7400, httpPort: 7401, weight: 100, connections: 7, sessions: 8 },
      { id: 'gw-2', host: 'gw-2.example', tcpPort: 7400, httpPort: 7401, weight: 0, connections: 3, sessions: 0 },
    ])
    assert.deepEqual(
      services.map(({ name, versions }) => [name, versions]),
      [['orders', { 1: 1 }]],
    )
    assert.deepEqual(
      services[0].routes.map(({ name, opcode, served }) => [name, opcode, served]),
      [
        ['echo', 1, true],
        ['gone', 2, false],
      ],
    )
    assert.equal(stale, false)
  })

  test('tells the tracks of a service that has several, with their versions and shares', async () => {
    const picture = pictureOf([routeOf('echo', 1, { tracks: ['canary', 'stable'].map(track => ({ track, lastSeen: 1 })) })])
    const [worker] = picture.workers
    gateway.state.picture = { ...picture, workers: [worker, { ...worker, id: 'wk-2', track: 'canary', version: '2' }] }
    assert.deepEqual((await read()).services[0].tracks, [
      { name: 'stable', versions: { 1: 1 }, share: 1 },
      { name: 'canary', versions: { 2: 1 }, share: 0 },
    ])
    const { etag } = directory.snapshot()
    gateway.context.routes.setTracks({ orders: { tracks: { stable: 90, canary: 10 } } })
    assert.deepEqual(
      (await read()).services[0].tracks?.map(({ share }) => share),
      [0.9, 0.1],
    )
    assert.notEqual(directory.snapshot().etag, etag)
    gateway.context.routes.setTracks({})
  })

  test('tells one service with the schemas of its routes, by its name', async () => {
    show()
    const schemas = [{ route: 'echo', input: { type: 'string' } }]
    gateway.state.schemas.set('orders', schemas)
    const told = (await (await fetch(`${url}/orders`)).json()) as { name: string; routes: object[]; schemas: object[] }
    assert.deepEqual([told.name, told.routes.length, told.schemas], ['orders', 2, schemas])
    const none = await fetch(`${url}/nobody`)
    assert.equal(none.status, 404)
    assert.match(((await none.json()) as { detail: string }).detail, /no service nobody/)
  })

  test('has a tag that changes with what is there, and not with figures', async () => {
    show(gatewayProcess('gw-1', { connections: 1 }))
    const etag = (await fetch(url)).headers.get('etag')!
    show(gatewayProcess('gw-1', { connections: 2 }))
    assert.equal((await fetch(url, { headers: { 'if-none-match': etag } })).status, 304)
    show(gatewayProcess('gw-1', { draining: 1 }))
    assert.equal((await fetch(url, { headers: { 'if-none-match': etag } })).status, 200)
  })

  test('waits for a change as long as it is asked to', async () => {
    show(gatewayProcess('gw-1'))
    const headers = { 'if-none-match': (await fetch(url)).headers.get('etag')! }
    const waiting = fetch(`${url}?wait=30`, { headers })
    await until(() => directory.watchers === 1)
    show(gatewayProcess('gw-1'), gatewayProcess('gw-2'))
    const { gateways } = (await (await waiting).json()) as Directory
    assert.deepEqual([gateways.length, directory.watchers], [2, 0])
    assert.equal((await fetch(`${url}?wait=0.05`, { headers: { 'if-none-match': directory.snapshot().etag } })).status, 304)
    for (const wait of ['soon', '', '-1', '0x1', '%20']) assert.equal((await fetch(`${url}?wait=${wait}`)).status, 400)
  })

  test('is no longer watched by who has gone', async () => {
    const gone = new AbortController()
    const waiting = fetch(`${url}?wait=30`, { headers: { 'if-none-match': directory.snapshot().etag }, signal: gone.signal }).catch(
      () => undefined,
    )
    await until(() => directory.watchers === 1)
    gone.abort()
    await waiting
    await until(() => directory.watchers === 0)
  })

  test('cuts an event stream off that is not read, and nobody else', async () => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    socket.write('GET /v1/services HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n')
    await until(() => directory.watchers === 1)
    socket.pause()
    const routes = (round: number) =>
      Array.from({ length: 5_000 }, (_, index) => routeOf(`route-${round}-${'x'.repeat(100)}-${index}`, undefined))
    for (let round = 0; directory.watchers === 1; round++) {
      assert.ok(round < 50, 'it was never cut off')
      gateway.state.picture = pictureOf(routes(round))
      directory.look()
      await turn()
    }
    assert.equal((await fetch(url)).status, 200)
    socket.destroy()
  })

  test('is watched once by a connection, however many requests it pipelines', async () => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    socket.on('data', () => undefined)
    for (let i = 0; i < 5; i++) socket.write('GET /v1/services HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n')
    await until(() => directory.watchers === 1)
    await fetch(url)
    assert.equal(directory.watchers, 1)
    socket.destroy()
    await until(() => directory.watchers === 0)
  })

  test('is an event stream where that is accepted', async () => {
    show(gatewayProcess('gw-1'))
    const gone = new AbortController()
    const { body, headers } = await fetch(url, { headers: { accept: 'text/event-stream' }, signal: gone.signal })
    assert.equal(headers.get('content-type'), 'text/event-stream')
    let text = ''
    const reading = (async () => {
      for await (const chunk of body!.pipeThrough(new TextDecoderStream())) text += chunk
    })().catch(() => undefined)
    const told = (): number[] => [...text.matchAll(/data: (.+)\n\n/g)].map(([, data]) => (JSON.parse(data) as Directory).gateways.length)
    await until(() => told().length === 1)
    show(gatewayProcess('gw-1'), gatewayProcess('gw-2'))
    await until(() => told().length === 2)
    assert.deepEqual(told(), [1, 2])
    gone.abort()
    await reading
    await until(() => directory.watchers === 0)
  })
})

test('GET /v1/services asks for the token of whoever asks for anything', async () => {
  const gateway = fakeGateway({ auth: 'jwt', jwtSecret: 'x'.repeat(32) })
  const server = await httpServer(gateway.context, { dependencies: {}, ok: true } as unknown as Health)
  const reply = await server.inject('/v1/services')
  assert.deepEqual([reply.statusCode, reply.json().code], [401, 'UNAUTHENTICATED'])
})
