import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, type TestContext, test } from 'node:test'
import { FakeGateway } from './fake-gateway.fixture.ts'
import { Gateways } from './gateways.ts'
import { connect } from './index.ts'
import type { Balance } from './options.ts'

const NEVER = new AbortController().signal
const ADDRESSES = ['tcp://a:7400', 'tcp://b:7400', 'tcp://c:7400'].map(address => new URL(address))

const gateways = (balance: Balance, random = () => 0, discover?: URL): Gateways => new Gateways(ADDRESSES, { balance, discover, random })

async function chosen(of: Gateways, times: number): Promise<string> {
  const hosts: string[] = []
  for (let i = 0; i < times; i++) hosts.push((await of.choose('secret', NEVER)).host)
  return hosts.map(host => host.split(':')[0]).join('')
}

/** A directory that tells what it is given, by host, weight and connections; undefined: it fails. */
async function directory(
  context: TestContext,
  tell: () => [string, number, number][] | undefined,
): Promise<{ url: URL; asked: (string | undefined)[] }> {
  const asked: (string | undefined)[] = []
  const server = createServer((request, response) => {
    asked.push(request.headers.authorization)
    const told = tell()
    if (told === undefined) response.writeHead(500).end('no')
    else {
      const all = told.map(([host, weight, connections]) => ({ host, tcpPort: 7400, httpPort: 7401, weight, connections }))
      response.end(JSON.stringify({ gateways: all }))
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  context.after(() => server.close())
  return { url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/services`), asked }
}

describe('among several gateways one is chosen', () => {
  test('in turn, from a first one by chance', async () => {
    assert.equal(
      await chosen(
        gateways('round-robin', () => 0.5),
        4,
      ),
      'bcab',
    )
  })

  test('by chance', async () => {
    const numbers = [0, 0.99, 0.4, 0.1]
    assert.equal(
      await chosen(
        gateways('random', () => numbers.shift()!),
        3,
      ),
      'cba',
    )
  })

  test('by chance and weight', async context => {
    const { url, asked } = await directory(context, () => [
      ['x', 90, 0],
      ['y', 10, 0],
    ])
    const numbers = [0, 0.85, 0.95]
    assert.equal(
      await chosen(
        gateways('weighted', () => numbers.shift()!, url),
        2,
      ),
      'xy',
    )
    assert.deepEqual(asked, ['Bearer secret'])
  })

  test('by its connections for its weight', async context => {
    const { url } = await directory(context, () => [
      ['x', 100, 50],
      ['y', 50, 20],
      ['z', 100, 45],
    ])
    assert.equal(
      await chosen(
        gateways('least-loaded', () => 0, url),
        1,
      ),
      'y',
    )
  })

  test('not one that was left, for a while, nor one that drains, where there is another', async context => {
    const few = gateways('round-robin')
    few.left(ADDRESSES[1])
    assert.equal(await chosen(few, 4), 'acac')
    for (const address of ADDRESSES) few.left(address)
    assert.equal((await chosen(few, 3)).length, 3)
    const { url } = await directory(context, () => [
      ['x', 0, 0],
      ['y', 100, 9],
    ])
    assert.equal(
      await chosen(
        gateways('least-loaded', () => 0, url),
        1,
      ),
      'y',
    )
  })

  test('of the addresses, while the directory can not be read', async context => {
    const { url } = await directory(context, () => undefined)
    assert.equal(
      await chosen(
        gateways('random', () => 0, url),
        1,
      ),
      'a',
    )
  })
})

test('what can not be chosen from is refused', async () => {
  await assert.rejects(connect([]), { message: 'no address: expected one of a gateway, or several' })
  await assert.rejects(connect(['tcp://a:1', 'ws://a:1']), /have different protocols/)
  await assert.rejects(connect('tcp://a:1', { balance: 'weighted' }), /needs discover/)
  await assert.rejects(connect('tcp://a:1', { balance: 'best' as Balance }), /balance is "best", expected one of round-robin/)
  await assert.rejects(connect('tls://a:1', { discover: 'http://a:7401' }), /discover is for tcp:\/\/ and ws:\/\//)
})

test('a client that loses its gateway resumes at another', async () => {
  await using first = await FakeGateway.listen()
  await using second = await FakeGateway.listen()
  const opening = connect([first.address, second.address], { backoff: { min: 1, max: 10 } })
  const begun = await Promise.race([first, second].map(async gateway => ({ gateway, connection: await gateway.accept() })))
  await begun.connection.handshake()
  await using _client = await opening
  begun.connection.socket.destroy()
  const again = await (begun.gateway === first ? second : first).accept()
  assert.equal((await again.handshake({ resumed: true, recovered: true })).session, 's-1')
})
