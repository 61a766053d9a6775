import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { describe, test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { ConfigError, type ListenerConfig } from '@causeway/config'
import { silentLogger } from '@causeway/telemetry'
import { CERTIFICATES, until } from '@causeway/testing'
import { fakeGateway } from '../gateway.fixture.ts'
import { DialectListeners } from './dialect-listeners.ts'
import { Visitor } from './listener.fixture.ts'
import { TlsPorts } from './tls-ports.ts'

/** A vmol request, opCode 1, msgId 9, `hi`. */
const REQUEST = '01 00000009 0001 00000002 6869'

function opened() {
  const gateway = fakeGateway()
  const tls = new TlsPorts(gateway.config, silentLogger)
  const listeners = new DialectListeners(gateway.context, tls)
  const prepare = (...wanted: Partial<ListenerConfig>[]) =>
    listeners.prepare({ ...gateway.config, listeners: wanted.map(each => ({ port: 0, dialect: 'vmol', auth: 'none' as const, ...each })) })
  const visitors: Visitor[] = []
  const visit = (port: number, open: (port: number) => Socket = to => connect(to, '127.0.0.1')): Visitor => {
    const visitor = new Visitor(open(port))
    visitors.push(visitor)
    return visitor
  }
  return {
    ...{ gateway, tls, listeners, prepare, visit },
    /** Ports, in the order of the configuration. */
    ports: () => listeners.addresses.map(({ address }) => address.port),
    become: async (...wanted: Partial<ListenerConfig>[]) => (await prepare(...wanted)).commit(),
    [Symbol.dispose]() {
      for (const { socket } of visitors) socket.destroy()
      for (const server of listeners.servers) server.close()
      tls.close()
    },
  }
}

const refused = async (port: number): Promise<boolean> => {
  const socket = connect(port, '127.0.0.1')
  const [error] = (await Promise.race([once(socket, 'error'), once(socket, 'connect').then(() => [undefined])])) as [NodeJS.ErrnoException?]
  socket.destroy()
  return error?.code === 'ECONNREFUSED'
}

describe('the listeners of dialects', () => {
  test('are opened and closed as the configuration changes; one that stays is left alone', async () => {
    using under = opened()
    await under.become({}, { dialect: 'vcl' })
    const [vmol, vcl] = under.ports()
    const staying = under.visit(vmol!)
    staying.send(REQUEST)
    await until(() => under.gateway.appender.records.length === 1)
    await under.become({}, { dialect: 'modbus-tcp' })
    assert.equal(under.ports()[0], vmol)
    assert.ok(await refused(vcl!))
    staying.send(REQUEST.replace('09', '0a'))
    await until(() => under.gateway.appender.records.length === 2)
    assert.equal(staying.ended, false)
  })

  test('let a connection of one that is closed have its answer before it ends', async () => {
    using under = opened()
    await under.become({})
    const [port] = under.ports()
    const asking = under.visit(port!)
    const idle = under.visit(port!)
    asking.send(REQUEST)
    await until(() => under.gateway.appender.records.length === 1 && under.gateway.context.connections.size === 2)
    await under.become()
    await idle.end()
    assert.equal(asking.ended, false)
    under.gateway.appender.confirm()
    const { session, pending } = under.gateway.appender.records[0]!
    under.gateway.host.end(session, pending, 'timedOut', 'TIMEOUT', 'late')
    await asking.end()
    assert.notEqual(asking.hex, '')
  })

  test('are not touched where one of them can not be opened', async () => {
    using under = opened()
    await under.become({})
    const before = under.ports()
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const taken = (other.address() as { port: number }).port
    const free = createServer().listen(0, '127.0.0.1')
    await once(free, 'listening')
    const spare = (free.address() as { port: number }).port
    await new Promise(resolve => free.close(resolve))
    await assert.rejects(
      under.prepare({ port: spare }, { port: taken }),
      new RegExp(`listener vmol: port ${taken} can not be opened: .*EADDRINUSE`),
    )
    other.close()
    assert.deepEqual(under.ports(), before)
    assert.ok(await refused(spare))
    assert.equal(await refused(before[0]!), false)
  })

  test('are closed again where another part of the process refuses', async () => {
    using under = opened()
    const free = createServer().listen(0, '127.0.0.1')
    await once(free, 'listening')
    const { port } = free.address() as { port: number }
    await new Promise(resolve => free.close(resolve))
    const prepared = await under.prepare({ port })
    assert.equal(await refused(port), false)
    prepared.abandon()
    assert.ok(await refused(port))
    assert.deepEqual(under.ports(), [])
  })

  test('change in place on the same port', async () => {
    using under = opened()
    await under.become({})
    const [port] = under.ports()
    await under.become({ port: port! })
    await under.become({ port: port!, dialect: 'vcl', auth: { allow: ['10.0.0.0/8'] } })
    await until(() => under.listeners.servers[0]!.listening)
    const stranger = under.visit(port!)
    await stranger.end()
    assert.deepEqual(under.gateway.counters.barred, { address: 1 })
  })

  test('may come with certificates of their own, and are refused with some that can not be read', async () => {
    using under = opened()
    const tls = { cert: CERTIFICATES.gateway.cert, key: CERTIFICATES.gateway.key }
    await under.become({ tls })
    const visitor = under.visit(under.ports()[0]!, port => connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false }))
    visitor.send(REQUEST)
    await until(() => under.gateway.appender.records.length === 1)
    await assert.rejects(
      under.prepare({ tls }, { tls: { ...tls, key: '/nowhere.pem' } }),
      (error: Error) => error instanceof ConfigError && /nowhere/.test(error.message),
    )
    await assert.rejects(under.prepare({ dialect: 'vmoll' }), /names the dialect "vmoll"/)
    await assert.rejects(under.prepare({ port: 1 }, { port: 1 }), /two listeners on port 1/)
  })
})
