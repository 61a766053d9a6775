import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { until } from '@causeway/testing'
import { acceptRateOf } from './accept-rate.ts'
import { ListenerUnderTest } from './listener.fixture.ts'

/** A vmol request, opCode 1, msgId 9, `hi`. */
const REQUEST = '01 00000009 0001 00000002 6869'
const SECRET = Buffer.from('open sesame')
const hex = (text: string): string => Buffer.from(text).toString('hex')
/** A PROXY protocol line, as an edge puts it before a connection. */
const edge = (address: string): string => hex(`PROXY TCP${address.includes(':') ? 6 : 4} ${address} ${address} 51000 7411\r\n`)

describe('a listener with an allow-list', () => {
  test('closes a connection from another address at once, and counts it', async () => {
    using listener = await ListenerUnderTest.open({}, { auth: { allow: ['10.0.0.0/8', '::1'] } })
    const visitor = listener.visit()
    visitor.send(REQUEST)
    await visitor.end()
    assert.equal(visitor.hex, '')
    const { counters, appender } = listener.gateway
    assert.deepEqual([counters.barred, appender.records.length, counters.connections], [{ address: 1 }, 0, 0])
  })

  test('takes one from an address of it; the address is the principal', async () => {
    using listener = await ListenerUnderTest.open({}, { auth: { allow: ['127.0.0.0/8'] } })
    listener.visit().send(REQUEST)
    await until(() => listener.gateway.appender.records.length === 1)
    assert.deepEqual(listener.principals, ['127.0.0.1'])
  })

  test('goes by the client that the edge names, and not by the edge', async () => {
    using listener = await ListenerUnderTest.open({ proxyProtocol: true }, { auth: { allow: ['10.0.0.0/8', '2001:db8::/32'] } })
    const stranger = listener.visit()
    stranger.send(edge('192.0.2.1') + REQUEST)
    await stranger.end()
    assert.deepEqual([listener.gateway.counters.barred, listener.gateway.appender.records.length], [{ address: 1 }, 0])
    for (const address of ['10.0.0.7', '2001:db8:0:0:0:0:0:7']) listener.visit().send(edge(address) + REQUEST)
    await until(() => listener.gateway.appender.records.length === 2)
    assert.deepEqual(listener.principals.sort(), ['10.0.0.7', '2001:db8::7'])
  })
})

describe('a listener with a first frame', () => {
  const role = { auth: { firstFrame: SECRET, principal: 'meters' } }

  test('answers nothing to the right one, and what follows speaks the dialect', async () => {
    using listener = await ListenerUnderTest.open({}, role)
    const visitor = listener.visit()
    visitor.send(SECRET.toString('hex') + REQUEST)
    await until(() => listener.gateway.appender.records.length === 1)
    assert.deepEqual([listener.principals, visitor.hex], [['meters'], ''])
    visitor.send('01 0000000a 0000 00000000')
    await until(() => visitor.hex === '010000000a000000000000')
  })

  test('takes it byte by byte; without a name of its own the principal is the dialect and the port', async () => {
    using listener = await ListenerUnderTest.open({}, { auth: { firstFrame: SECRET } })
    const visitor = listener.visit()
    visitor.socket.setNoDelay(true)
    for (const byte of Buffer.concat([SECRET, Buffer.from(REQUEST.replaceAll(' ', ''), 'hex')])) {
      visitor.socket.write(Uint8Array.of(byte))
      await new Promise(resolve => setImmediate(resolve))
    }
    await until(() => listener.gateway.appender.records.length === 1)
    assert.deepEqual(listener.principals, [`vmol:${listener.port}`])
  })

  test('refuses another one in the form of the dialect, once as many bytes have come, and reads nothing behind it', async () => {
    using listener = await ListenerUnderTest.open({}, role)
    const visitor = listener.visit()
    visitor.send(hex('open sesamE') + REQUEST)
    await visitor.end()
    assert.match(visitor.hex, /^0100000000ffff/)
    assert.match(visitor.text, /"code":"UNAUTHENTICATED","number":4510/)
    const { counters, appender } = listener.gateway
    assert.deepEqual(
      [counters.barred, counters.closed, appender.records.length, listener.principals],
      [{ first_frame: 1 }, { UNAUTHENTICATED: 1 }, 0, []],
    )
  })

  test('says nothing about how many bytes are right: a wrong beginning waits as a right one does', async () => {
    using listener = await ListenerUnderTest.open({ handshakeTimeout: 300 }, role)
    const begun = [listener.visit(), listener.visit()]
    begun[0].send(hex('open'))
    begun[1].send(hex('shut'))
    await Promise.all(begun.map(visitor => visitor.end()))
    for (const { text } of begun) assert.match(text, /"code":"UNAUTHENTICATED".*no first frame within 300 ms/)
  })

  test('a dialect whose frames are none of these is refused in its own form', async () => {
    using listener = await ListenerUnderTest.open({}, { dialect: 'lines', route: 'echo', ...role })
    const visitor = listener.visit()
    visitor.socket.write('hello gateway\n')
    await visitor.end()
    assert.match(visitor.text, /^\{"code":"UNAUTHENTICATED".*\}\n$/)
  })

  test('ends quietly where the client goes before', async () => {
    using listener = await ListenerUnderTest.open({ handshakeTimeout: 50 }, role)
    const visitor = listener.visit()
    visitor.socket.end('open')
    await visitor.end()
    assert.deepEqual([visitor.hex, listener.gateway.counters.closed], ['', {}])
  })
})

describe('the shared TCP port', () => {
  test('is closed to addresses of deny and to those that allow does not name, whatever is spoken', async () => {
    for (const settings of [{ deny: '127.0.0.1' }, { allow: '10.0.0.0/8' }, { allow: '127.0.0.0/8', deny: '127.0.0.0/24' }]) {
      using listener = await ListenerUnderTest.open(settings)
      const visitor = listener.visit()
      visitor.send('4d43 01 00 00000000')
      await visitor.end()
      assert.deepEqual([visitor.hex, listener.gateway.counters.barred], ['', { address: 1 }])
    }
    using listener = await ListenerUnderTest.open({ allow: '127.0.0.1' })
    const visitor = listener.visit()
    visitor.send('4d43 01 00 00000000')
    await until(() => visitor.hex === '4d43010000000000')
    assert.deepEqual(listener.principals, [''])
  })

  test('takes no turn of the rate of connections for an address that is kept out', async () => {
    using listener = await ListenerUnderTest.open({ acceptRate: 4, deny: '192.0.2.0/24', proxyProtocol: true })
    const strangers = Array.from({ length: 20 }, () => listener.visit())
    for (const visitor of strangers) visitor.send(edge('192.0.2.1'))
    await Promise.all(strangers.map(visitor => visitor.end()))
    assert.deepEqual([listener.gateway.counters.barred, acceptRateOf(listener.gateway.context).delayed], [{ address: 20 }, 0])
    const friend = listener.visit()
    friend.send(`${edge('192.0.3.1')}4d43 01 00 00000000`)
    await until(() => friend.hex === '4d43010000000000')
  })
})
