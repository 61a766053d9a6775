import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, type Server } from 'node:net'
import { test } from 'node:test'
import { ConfigError, type ListenerConfig } from '@causeway/config'
import { until } from '@causeway/testing'
import { fakeGateway } from '../gateway.fixture.ts'
import { checkDialects } from './listener-dialect.ts'
import { tcpListener } from './tcp-listener.ts'

test('a listener for a dialect that is none is a wrong configuration that names it and those there are', () => {
  checkDialects([{ port: 0, dialect: 'vmol', auth: 'none' }])
  const wrong = (): void => checkDialects([{ port: 0, dialect: 'morse', auth: 'none' }])
  assert.throws(wrong, error => error instanceof ConfigError && /CAUSEWAY_LISTENERS.*"morse".*mc1/.test(error.message))
})

test('a listener that names routes its dialect has no use for is a wrong configuration', () => {
  const refuses = (listener: Partial<ListenerConfig> & { dialect: string }, message: RegExp): void =>
    assert.throws(() => checkDialects([{ port: 0, auth: 'none', ...listener }]), { name: 'ConfigError', message })
  refuses({ dialect: 'vmol', route: 'echo' }, /names an operation, expected routes by number/)
  refuses({ dialect: 'lines', routes: { 1: 'echo' } }, /names no operation, expected one route/)
  refuses({ dialect: 'modbus-tcp', codec: 0 }, /Modbus payloads are JSON/)
  checkDialects([{ port: 0, dialect: 'vmol', auth: 'none', routes: { 1: 'echo' } }])
  checkDialects([{ port: 0, dialect: 'lines', auth: 'none', route: 'echo' }])
})

test('a peer that says nothing is closed after the handshake time, even if it never closes its own side', async () => {
  const server = tcpListener(fakeGateway({ handshakeTimeout: 50 }).context, undefined)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const peer = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true })
  const [told] = (await once(peer, 'data')) as [Buffer]
  assert.match(told.toString('latin1'), /HANDSHAKE_EXPECTED/)
  assert.equal(await connectionsOf(server), 1)
  await until(async () => (await connectionsOf(server)) === 0)
  peer.destroy()
  server.close()
})

const connectionsOf = (server: Server): Promise<number> =>
  new Promise((resolve, reject) => server.getConnections((error, count) => (error === null ? resolve(count) : reject(error))))
