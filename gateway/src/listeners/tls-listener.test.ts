import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect as connectTcp } from 'node:net'
import { describe, test } from 'node:test'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import { CERTIFICATES, type CertificateFiles, until } from '@causeway/testing'
import { answer } from '../gateway.fixture.ts'
import { ListenerUnderTest, type Visitor } from './listener.fixture.ts'
import { TlsPort } from './tls-port.ts'

const SETTINGS = { cert: 'CAUSEWAY_TLS_CERT', key: 'CAUSEWAY_TLS_KEY', ca: 'CAUSEWAY_TLS_CA' }
const CA = readFileSync(CERTIFICATES.ca)
/** A vmol request, opCode 1, msgId 9, `hi`. */
const REQUEST = '01 00000009 0001 00000002 6869'
const HEARTBEAT = '4d43010000000000'

const plain = (): TlsPort => new TlsPort(CERTIFICATES.gateway, 'anybody', SETTINGS)
const mutual = (): TlsPort => new TlsPort({ ...CERTIFICATES.gateway, ca: CERTIFICATES.ca }, 'certified', SETTINGS)

const securely =
  (client?: CertificateFiles, options: ConnectionOptions = {}) =>
  (port: number): TLSSocket =>
    connect({
      port,
      host: '127.0.0.1',
      ca: CA,
      ...(client && { cert: readFileSync(client.cert), key: readFileSync(client.key) }),
      ...options,
    })

const subjectOf = ({ socket }: Visitor): unknown => (socket as TLSSocket).getPeerCertificate().subject.CN

describe('the shared port over TLS', () => {
  test('speaks what the plain one does, whole answers of a megabyte too', async () => {
    using listener = await ListenerUnderTest.open({}, undefined, plain)
    const visitor = listener.visit(securely())
    visitor.send(HEARTBEAT)
    await until(() => visitor.hex === HEARTBEAT)
    assert.deepEqual([(visitor.socket as TLSSocket).authorized, listener.principals], [true, ['']])
    visitor.send(`4d43 01 00 00100000 ${'61'.repeat(1 << 20)}`)
    await until(() => visitor.hex.length === (16 + (1 << 20)) * 2)
  })

  test('reads behind the header of an edge, in one piece with it or not, and by its client', async () => {
    using listener = await ListenerUnderTest.open({ proxyProtocol: true, deny: '192.0.2.0/24' }, { auth: { allow: ['10.0.0.0/8'] } }, plain)
    for (const apart of [true, false]) {
      const socket = connectTcp(listener.port, '127.0.0.1')
      if (!apart) socket.cork()
      socket.write('PROXY TCP4 10.0.0.7 10.0.0.1 51000 7443\r\n')
      if (apart) await new Promise(resolve => setTimeout(resolve, 20))
      const visitor = listener.visit(() => connect({ socket, ca: CA, host: 'localhost', servername: 'localhost' }))
      socket.uncork()
      visitor.send('01 0000000a 0000 00000000')
      await until(() => visitor.hex === '010000000a000000000000')
    }
    assert.deepEqual(listener.principals, ['10.0.0.7', '10.0.0.7'])
  })

  test('takes no version below 1.2, and no plain bytes', async () => {
    using listener = await ListenerUnderTest.open({ handshakeTimeout: 300 }, undefined, plain)
    const old = listener.visit(securely(undefined, { maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' }))
    await old.end()
    assert.match(old.error ?? '', /TLS|SSL/)
    const bare = listener.visit()
    bare.send(HEARTBEAT)
    await bare.end()
    const silent = listener.visit()
    await silent.end()
    await until(() => listener.gateway.counters.barred.tls === 3)
    assert.equal(listener.gateway.counters.connections, 0)
    const newest = listener.visit(securely(undefined, { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' }))
    newest.send(HEARTBEAT)
    await until(() => newest.hex === HEARTBEAT)
  })

  test('gives a client that closes its side behind its question the answer yet', async () => {
    using listener = await ListenerUnderTest.open({}, undefined, plain)
    const visitor = listener.visit(securely())
    visitor.socket.end(Buffer.from('4d43010100000002' + '6869', 'hex'))
    const { gateway } = listener
    await until(() => gateway.appender.records.length === 1)
    gateway.appender.confirm()
    await answer(gateway, gateway.appender.records[0], 'late')
    await visitor.end()
    assert.equal(visitor.hex, `4d43010100000004${Buffer.from('late').toString('hex')}`)
  })

  test('cuts connections beyond the rate, before their handshake', async () => {
    using listener = await ListenerUnderTest.open({ acceptRate: 1 }, undefined, plain)
    const visitors = Array.from({ length: 10 }, () => listener.visit(securely()))
    // one is taken, two wait for their turn
    await until(() => visitors.filter(({ ended }) => ended).length === 7)
    const cut = visitors.filter(({ ended }) => ended)
    assert.deepEqual(new Set(cut.map(({ error }) => error)), new Set(['ECONNRESET']))
    assert.equal(listener.gateway.counters.closed.OVERLOADED, 7)
  })

  test('keeps addresses out before their handshake', async () => {
    using listener = await ListenerUnderTest.open({ deny: '127.0.0.1' }, undefined, plain)
    const visitor = listener.visit(securely())
    await visitor.end()
    assert.deepEqual([listener.gateway.counters.barred, visitor.error], [{ address: 1 }, 'ECONNRESET'])
  })

  test('shows a renewed certificate to new connections and leaves those that stand alone', async () => {
    const port = plain()
    using listener = await ListenerUnderTest.open({}, undefined, () => port)
    const before = listener.visit(securely())
    await once(before.socket, 'secureConnect')
    assert.equal(subjectOf(before), 'gateway.test')
    Object.assign(port.files, CERTIFICATES.gatewayRenewed)
    assert.deepEqual([port.renew(), port.renew()], [true, false])
    const after = listener.visit(securely())
    await once(after.socket, 'secureConnect')
    assert.equal(subjectOf(after), 'gateway-renewed.test')
    for (const visitor of [before, after]) {
      visitor.send(HEARTBEAT)
      await until(() => visitor.hex === HEARTBEAT)
    }
  })
})

describe('a listener with mTLS', () => {
  const role = { auth: { mtls: true } } as const

  test('takes a client whose certificate its CA signed; its common name is the principal', async () => {
    using listener = await ListenerUnderTest.open({}, role, mutual)
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const visitor = listener.visit(securely(CERTIFICATES.meter, { minVersion: version, maxVersion: version }))
      visitor.send(REQUEST)
    }
    listener.visit(securely(CERTIFICATES.namelessMeter)).send(REQUEST)
    await until(() => listener.gateway.appender.records.length === 3)
    assert.deepEqual(listener.principals.sort(), ['meter-7', 'meter-7', 'spiffe://causeway.test/meter/8'])
  })

  test('lets nobody through without one, or with one that another CA signed', async () => {
    using listener = await ListenerUnderTest.open({}, role, mutual)
    for (const client of [undefined, CERTIFICATES.stranger]) {
      const visitor = listener.visit(securely(client))
      visitor.send(REQUEST)
      await visitor.end()
      assert.equal(visitor.hex, '')
    }
    await until(() => listener.gateway.counters.barred.certificate === 2)
    assert.deepEqual([listener.gateway.appender.records.length, listener.principals], [0, []])
  })

  test('knows a client again that resumes its TLS session', async () => {
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      using listener = await ListenerUnderTest.open({}, role, mutual)
      const versions = { minVersion: version, maxVersion: version } as const
      const first = listener.visit(securely(CERTIFICATES.meter, versions))
      const ticket = once(first.socket, 'session')
      first.send(REQUEST)
      const [session] = (await ticket) as [Buffer]
      await until(() => listener.gateway.appender.records.length === 1)
      const again = listener.visit(securely(undefined, { ...versions, session }))
      again.send(REQUEST)
      await until(() => listener.gateway.appender.records.length === 2)
      assert.deepEqual([(again.socket as TLSSocket).isSessionReused(), listener.principals], [true, ['meter-7', 'meter-7']])
    }
  })
})

describe('the shared port with a CA', () => {
  test('makes the name of the certificate the principal of version 2 and of dialects', async () => {
    using listener = await ListenerUnderTest.open({}, undefined, mutual)
    listener.visit(securely(CERTIFICATES.meter)).send(HEARTBEAT)
    const syn = Buffer.from('{"client":{"name":"x","version":"1"}}')
    listener
      .visit(securely(CERTIFICATES.meter))
      .send(`4d43 02 01 00 01 0000 00000000 00000000 000000${syn.length.toString(16)} ${syn.toString('hex')}`)
    await until(() => listener.principals.length === 2)
    assert.deepEqual(listener.principals, ['meter-7', 'meter-7'])
  })

  test('asks for a token as ever with CAUSEWAY_AUTH=jwt', async () => {
    using listener = await ListenerUnderTest.open({ auth: 'jwt', jwtSecret: 'x'.repeat(32) }, undefined, mutual)
    const visitor = listener.visit(securely(CERTIFICATES.meter))
    visitor.send(HEARTBEAT)
    await visitor.end()
    assert.match(visitor.text, /UNAUTHENTICATED/)
  })
})
