import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Codec, type ErrorName, encodeError, encodeFrame, Flag, FrameType, OUTBOX_BYTES, problem } from '@causeway/protocol'
import { until } from '@causeway/testing'
import Fastify from 'fastify'
import { openClient } from '../client.fixture.ts'
import { answer, type FakeGateway, fakeGateway, textOf } from '../gateway.fixture.ts'
import { messagesApi } from './messages-api.ts'

function api(settings = {}) {
  const gateway = fakeGateway(settings)
  const server = Fastify({ bodyLimit: 4 << 20 })
  messagesApi(server, gateway.context)
  const post = (payload: object, headers = {}) => server.inject({ method: 'POST', url: '/v1/messages', payload, headers })
  return { gateway, server, post }
}

/** Finishes the first admitted message with a delivery of the test's. */
async function finishWith(gateway: FakeGateway, frame: Uint8Array): Promise<void> {
  await until(() => gateway.appender.records.length === 1)
  const [{ session, pending }] = gateway.appender.records
  const { id, bucket, incarnation } = session
  const { msgId, prev } = pending
  await gateway.store.finish([{ kind: 'final', session: id, bucket, incarnation, msgId, prev, outcome: 'answered', frame }])
}

/** A chunk of the stream that answers it. */
async function chunkWith(gateway: FakeGateway, chunk: number, payload: string): Promise<void> {
  await until(() => gateway.appender.records.length === 1)
  const { id, bucket, incarnation } = gateway.appender.records[0].session
  const frame = response(Codec.JSON, payload, Flag.MORE)
  await gateway.store.finish([{ kind: 'chunk', session: id, bucket, incarnation, msgId: 1, run: 'r', chunk, frame }])
}

const response = (codec: number, payload: string, flags = 0) => encodeFrame({ type: FrameType.RESPONSE, msgId: 1, codec, payload, flags })

describe('POST /v1/messages as a request', () => {
  test('answers 200 with the JSON of the answer', async () => {
    const { gateway, post } = api()
    const replying = post({ route: 'echo', payload: { a: 1 } })
    await finishWith(gateway, response(Codec.JSON, '{"b":2}'))
    const reply = await replying
    assert.deepEqual([reply.statusCode, reply.json()], [200, { payload: { b: 2 } }])
    assert.equal(textOf(gateway.appender.records[0].value), '{"a":1}')
  })

  test('answers bytes as base64, and takes them so', async () => {
    const { gateway, post } = api()
    const replying = post({ route: 'echo', payload64: 'AAH/' })
    await finishWith(gateway, response(Codec.BYTES, 'hi'))
    assert.deepEqual((await replying).json(), { payload64: 'aGk=' })
    assert.deepEqual([...gateway.appender.records[0].value], [0, 1, 255])
  })

  test('answers a stream as the list of its chunks', async () => {
    const { gateway, post } = api()
    const replying = post({ route: 'echo' })
    await chunkWith(gateway, 0, '1')
    await finishWith(gateway, response(Codec.BYTES, ''))
    assert.deepEqual((await replying).json(), { chunks: [{ payload: 1 }] })
  })

  test('answers bytes that only claim to be JSON as base64', async () => {
    const { gateway, post } = api()
    const replying = post({ route: 'echo' })
    await finishWith(gateway, response(Codec.JSON, 'no JSON'))
    const reply = await replying
    assert.deepEqual([reply.statusCode, reply.json()], [200, { payload64: Buffer.from('no JSON').toString('base64') }])
  })

  test('acknowledges chunks as they come, so that a stream is not held up by its outbox', async () => {
    const { gateway, post } = api()
    const replying = post({ route: 'echo' })
    await chunkWith(gateway, 0, '1')
    const [{ session }] = gateway.appender.records
    assert.deepEqual([session.acknowledged, session.outbox.bytes], [1, 0])
    await finishWith(gateway, response(Codec.BYTES, ''))
    await replying
  })

  test(`answers 413 to a stream of more than ${OUTBOX_BYTES} bytes, and ends its session`, async () => {
    const { gateway, post } = api()
    const replying = post({ route: 'echo' })
    const large = JSON.stringify('x'.repeat(OUTBOX_BYTES / 4))
    for (let chunk = 0; chunk < 4; chunk++) await chunkWith(gateway, chunk, large)
    const reply = await replying
    assert.deepEqual([reply.statusCode, reply.json().code], [413, 'TOO_LARGE'])
    assert.deepEqual([gateway.host.held.size, gateway.store.ended.length], [0, 1])
  })

  test('ends its session with the answer', async () => {
    const { gateway, post } = api()
    const replying = post({ route: 'echo' })
    await finishWith(gateway, response(Codec.JSON, 'null'))
    await replying
    assert.deepEqual([gateway.host.held.size, gateway.store.ended.length], [0, 1])
  })

  test('has the timeout it asks for', async () => {
    const { gateway, post } = api()
    const before = Date.now()
    const replying = post({ route: 'echo', timeout: 250 })
    await until(() => gateway.appender.records.length === 1)
    const { deadline } = gateway.appender.records[0].pending
    assert.ok(deadline >= before + 250 && deadline <= Date.now() + 250)
    await answer(gateway, gateway.appender.records[0], '')
    await replying
  })

  const statuses: [ErrorName, number][] = [
    ['REJECTED', 422],
    ['BAD_PAYLOAD', 400],
    ['HANDLER_FAILED', 502],
    ['DEAD_LETTERED', 502],
    ['TIMEOUT', 504],
    ['RATE_LIMITED', 429],
    ['CANCELLED', 499],
  ]
  for (const [code, status] of statuses) {
    test(`answers ${status} where it ends in ${code}`, async () => {
      const { gateway, post } = api()
      const replying = post({ route: 'echo' })
      await finishWith(gateway, encodeError(problem(code, { detail: 'why' }), { msgId: 1 }))
      const reply = await replying
      assert.equal(reply.statusCode, status)
      assert.match(reply.headers['content-type'] as string, /^application\/problem\+json/)
      assert.deepEqual([reply.json().code, reply.json().detail, reply.json().status], [code, 'why', status])
    })
  }
})

describe('POST /v1/messages as a push', () => {
  test('answers 202 once the session has it', async () => {
    const { gateway, post } = api()
    const client = await openClient(gateway)
    const reply = await post({ session: client.session.id, payload: { n: 1 } })
    assert.deepEqual([reply.statusCode, reply.json()], [202, { pushed: true }])
    const [{ codec, payload, seq }] = client.transport.of(FrameType.PUSH)
    assert.deepEqual([codec, textOf(payload), seq], [Codec.JSON, '{"n":1}', 1])
  })

  test('answers 404 where the session is not known', async () => {
    const reply = await api().post({ session: 'nobody', payload: 1 })
    assert.deepEqual([reply.statusCode, reply.json().code], [404, 'SESSION_UNKNOWN'])
  })

  for (const [what, session] of [
    ['longer than any', 's'.repeat(300)],
    ['empty', ''],
    ['of other characters', 'a b'],
  ]) {
    test(`answers 404 to an id that is ${what}, and does not ask the store`, async () => {
      const { gateway, post } = api()
      const reply = await post({ session, payload: 1 })
      assert.deepEqual([reply.statusCode, reply.json().code], [404, 'SESSION_UNKNOWN'])
      assert.ok(reply.json().detail.length < 100)
      assert.deepEqual(gateway.store.entries, [])
    })
  }

  test('answers 413 to a payload above the limit, and nothing is stored', async () => {
    const { gateway, post } = api({ maxPayload: 1_024 })
    const client = await openClient(gateway)
    const reply = await post({ session: client.session.id, payload: 'x'.repeat(1_023) })
    assert.deepEqual([reply.statusCode, reply.json().code, gateway.store.entries.length], [413, 'TOO_LARGE', 0])
  })
})

describe('POST /v1/messages is refused', () => {
  const bodies: [string, object, number, ErrorName][] = [
    ['that is no object', [1], 400, 'BAD_PAYLOAD'],
    ['that names nobody', { payload: 1 }, 400, 'BAD_PAYLOAD'],
    ['that names two', { route: 'echo', session: 's' }, 400, 'BAD_PAYLOAD'],
    ['with a route that is no text', { route: 5 }, 400, 'BAD_PAYLOAD'],
    ['with a timeout that is none', { route: 'echo', timeout: -1 }, 400, 'BAD_PAYLOAD'],
    ['with a timeout as text', { route: 'echo', timeout: '5s' }, 400, 'BAD_PAYLOAD'],
    ['for a route that nobody has', { route: 'nobody' }, 404, 'NO_ROUTE'],
    ['for a channel without a name', { channel: '' }, 400, 'BAD_PAYLOAD'],
    ['for a channel that is too large', { channel: 'news', payload: 'x'.repeat(2_000) }, 413, 'TOO_LARGE'],
    ['that is too large', { route: 'echo', payload: 'x'.repeat(2_000) }, 413, 'TOO_LARGE'],
  ]
  for (const [what, body, status, code] of bodies) {
    test(`with ${status} for a body ${what}, and nothing is stored`, async () => {
      const { gateway, post } = api({ maxPayload: 1_024 })
      const reply = await post(body)
      assert.deepEqual([reply.statusCode, reply.json().code, gateway.appender.records.length], [status, code, 0])
    })
  }

  test('with 400 for JSON nested too deep to be written again', async () => {
    const { gateway, server } = api()
    const payload = `{"route":"echo","payload":${'['.repeat(400_000)}${']'.repeat(400_000)}}`
    const reply = await server.inject({ method: 'POST', url: '/v1/messages', payload, headers: { 'content-type': 'application/json' } })
    assert.deepEqual([reply.statusCode, reply.json().code, gateway.appender.records.length], [400, 'BAD_PAYLOAD', 0])
  })

  test('with 401 without a valid token', async () => {
    const { post } = api({ auth: 'jwt', jwtSecret: 'a secret of at least thirty-two bytes' })
    assert.deepEqual(
      [(await post({ route: 'echo' })).statusCode, (await post({ route: 'echo' }, { authorization: 'Bearer x' })).statusCode],
      [401, 401],
    )
  })

  test('with 503 while the gateway drains, its backend is away or its store does not answer', async () => {
    const draining = api()
    draining.gateway.state.draining = true
    const away = api()
    away.gateway.state.closed = 'BACKEND_UNAVAILABLE'
    const broken = api()
    broken.gateway.store.down = 'connection refused'
    for (const { post } of [draining, away, broken]) assert.equal((await post({ route: 'echo' })).statusCode, 503)
  })

  test('with 504 where the session is taken away before its answer: nothing is known of its effect', async () => {
    const { gateway, post } = api()
    const replying = post({ route: 'echo' })
    await until(() => gateway.appender.records.length === 1)
    gateway.appender.records[0].session.owner?.close('GOING_AWAY', 'the session has ended')
    assert.equal((await replying).statusCode, 504)
  })
})
