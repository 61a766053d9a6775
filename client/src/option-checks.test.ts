import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { connect } from './connect.ts'
import { FakeGateway } from './fake-gateway.fixture.ts'
import type { ConnectOptions, MessageOptions, SubscribeOptions } from './options.ts'

type Refusal = [what: unknown, error: 'TypeError' | 'RangeError', message: string | RegExp]

const times = (name: string, most: number, nested = (value: unknown): object => ({ [name]: value })): Refusal[] => [
  [nested('10s'), 'TypeError', `${name} is "10s", expected whole milliseconds from 1 to ${most}`],
  [nested(null), 'TypeError', `${name} is null, expected whole milliseconds from 1 to ${most}`],
  [nested(10n), 'TypeError', `${name} is 10, expected whole milliseconds from 1 to ${most}`],
  ...[Number.NaN, -1, 0, 1.5, most + 1, Number.POSITIVE_INFINITY].map((value): Refusal => {
    return [nested(value), 'RangeError', `${name} is ${value}, expected whole milliseconds from 1 to ${most}`]
  }),
]

const CONNECT: Refusal[] = [
  ...times('connectTimeout', 2 ** 31 - 1),
  ...times('keepAlive', 2 ** 32 - 1),
  [{ conectTimeout: 5 }, 'TypeError', /^conectTimeout is no option, expected one of token, backoff, connectTimeout, /],
  [{ token: 'secret' }, 'TypeError', 'token is of type string, expected a function that gives the token'],
  [{ backoff: 100 }, 'TypeError', 'backoff is 100, expected an object with min and max'],
  [{ backoff: { min: '1s' } }, 'TypeError', /^backoff\.min is "1s", expected whole milliseconds from 0 /],
  [{ backoff: { max: -1 } }, 'RangeError', /^backoff\.max is -1, expected whole milliseconds from 0 /],
  [{ backoff: { maximum: 1 } }, 'TypeError', 'backoff.maximum is no option, expected one of min, max'],
  [{ backoff: { min: 30_000 } }, 'RangeError', 'backoff.min is 30000, expected at most backoff.max (20000)'],
  [{ balance: 'fair' }, 'TypeError', /^balance is "fair", expected one of round-robin, random, /],
  [{ balance: 'weighted' }, 'TypeError', /^balance weighted needs discover/],
  [{ discover: 'gateway:7401' }, 'TypeError', /^discover is "gateway:7401", expected the address of a gateway as http:/],
  [{ tls: true }, 'TypeError', 'tls is true, expected an object with ca, cert, key or servername'],
  [{ tls: { key: 7 } }, 'TypeError', 'tls.key is of type number, expected PEM as text or bytes'],
  [{ tls: {} }, 'TypeError', 'tls is for tls:// and wss://: what goes over tcp:// is not encrypted'],
  ['fast', 'TypeError', 'the options are "fast", expected an object'],
]

const MESSAGE: Refusal[] = [
  ...times('timeout', 2 ** 32 - 1),
  [{ timeOut: 5 }, 'TypeError', 'timeOut is no option, expected one of timeout, key, signal, onAnsweredBy'],
  [{ key: 7 }, 'TypeError', 'key is 7, expected a text'],
  [{ signal: new AbortController() }, 'TypeError', 'signal is of type object, expected an AbortSignal'],
  [{ onAnsweredBy: 'fallback' }, 'TypeError', 'onAnsweredBy is "fallback", expected a function'],
  [new AbortController().signal, 'TypeError', /is no option, expected one of timeout, /],
  [5_000, 'TypeError', 'the options are 5000, expected an object'],
]

const OFFSET = `expected an integer from 0 to ${Number.MAX_SAFE_INTEGER}`
const SUBSCRIBE: Refusal[] = [
  [{ offset: '7' }, 'TypeError', `offset is "7", ${OFFSET}`],
  [{ offset: -1n }, 'RangeError', `offset is -1, ${OFFSET}`],
  [{ offset: 1.5 }, 'RangeError', `offset is 1.5, ${OFFSET}`],
  [{ offset: 2n ** 60n }, 'RangeError', `offset is 1152921504606846976, ${OFFSET}`],
  [{ signal: 1 }, 'TypeError', 'signal is 1, expected an AbortSignal'],
  [{ from: 1 }, 'TypeError', 'from is no option, expected one of offset, signal'],
]

const ROUTES: Refusal[] = [
  ['', 'RangeError', 'route is "", expected the name of a route, or its opcode from 0 to 65535'],
  [65_536, 'RangeError', /^route is 65536, /],
  [1.5, 'RangeError', /^route is 1\.5, /],
  [undefined, 'TypeError', /^route is of type undefined, /],
]

/** Each is refused, and by what it says. */
async function refused(call: (what: never) => Promise<unknown>, refusals: readonly Refusal[]): Promise<void> {
  for (const [what, name, message] of refusals) await assert.rejects(call(what as never), { name, message })
}

describe('an option that is wrong is refused by its name', () => {
  test('of connect, before anything is connected', async () => {
    await using gateway = await FakeGateway.listen()
    await refused((options: ConnectOptions) => connect(gateway.address, options), CONNECT)
    const opening = connect(gateway.address, { backoff: { max: 100 }, connectTimeout: 2 ** 31 - 1, token: undefined })
    await (await gateway.accept()).handshake()
    await (await opening).close()
  })

  test('of an address', async () => {
    for (const address of ['', 'gateway', 'localhost:7400', 'http://localhost:7400'])
      await assert.rejects(connect(address), { name: 'TypeError', message: /^address is .*, expected tcp:\/\/, tls:\/\/, ws:\/\/ or wss:/ })
  })

  test('of a message or a subscription, and nothing is sent', async () => {
    await using gateway = await FakeGateway.listen()
    const { client, connection } = await gateway.pair()
    await using _ = client
    await refused((options: MessageOptions) => client.request('echo', 1, options), MESSAGE)
    await refused((options: MessageOptions) => client.notify('echo', 1, options), MESSAGE)
    await refused((options: MessageOptions) => client.stream('echo', 1, options).next(), MESSAGE)
    await refused((route: string) => client.request(route), ROUTES)
    await refused((options: SubscribeOptions) => client.subscribe('news', options), SUBSCRIBE)
    await assert.rejects(client.subscribe(''), { name: 'RangeError', message: 'channel is "", expected the name of a channel' })
    const echo = client.request('echo', 1, { timeout: 2 ** 32 - 1, key: undefined })
    const { msgId } = await connection.receiveAny()
    connection.respond(msgId, 1, 'done')
    assert.deepEqual([msgId, await echo], [1, 'done'])
  })

  test('of a stream, which is at its end then', async () => {
    await using gateway = await FakeGateway.listen()
    const { client } = await gateway.pair()
    await using _ = client
    const stream = client.stream('echo', 1, { timeout: 1.5 })
    await assert.rejects(stream.next(), RangeError)
    assert.deepEqual(await stream.next(), { done: true, value: undefined })
  })
})
