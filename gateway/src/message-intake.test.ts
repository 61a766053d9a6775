import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { decodeError, type Frame, FrameType } from '@causeway/protocol'
import { turn, until } from '@causeway/testing'
import { type FakeClient, openClient } from './client.fixture.ts'
import { type FakeGateway, fakeGateway } from './gateway.fixture.ts'
import { REFUSAL_BARRIER_MS } from './limits.ts'

const request = (msgId: number): Partial<Frame> & { type: number } => ({
  type: FrameType.REQUEST,
  opcode: 1,
  msgId,
  payload: Buffer.from('{}'),
})
const refused = ({ transport }: FakeClient): unknown[] =>
  transport.of(FrameType.ERROR).map(({ msgId, payload }) => [msgId, decodeError(payload).code])
const admitted = ({ appender }: FakeGateway): number[] => appender.records.map(({ pending }) => pending.msgId)
const pings = ({ transport }: FakeClient): Frame[] => transport.of(FrameType.PING)

/** A gateway whose backends were away for message 1, and its client. */
async function afterRefusal(): Promise<{ gateway: FakeGateway; client: FakeClient }> {
  const gateway = fakeGateway()
  const client = await openClient(gateway)
  gateway.state.closed = 'BACKEND_UNAVAILABLE'
  client.send(request(1))
  assert.deepEqual(refused(client), [[1, 'BACKEND_UNAVAILABLE']])
  gateway.state.closed = undefined
  return { gateway, client }
}

describe('behind a refusal', () => {
  test('nothing is admitted before the client has shown that it read it', async () => {
    const { gateway, client } = await afterRefusal()
    client.send(request(2), request(3))
    await turn()
    assert.deepEqual([admitted(gateway), pings(client).length], [[], 1])
    client.send({ type: FrameType.PONG, payload: pings(client)[0].payload })
    await until(() => admitted(gateway).length === 2)
    assert.deepEqual(admitted(gateway), [2, 3])
    client.send(request(4))
    assert.deepEqual(admitted(gateway), [2, 3, 4])
  })

  test('what is refused too is told at once, and read before anything is admitted', async () => {
    const { gateway, client } = await afterRefusal()
    gateway.state.closed = 'BACKEND_UNAVAILABLE'
    client.send(request(2))
    gateway.state.closed = undefined
    client.send(request(3))
    assert.equal(refused(client).length, 2)
    client.send({ type: FrameType.PONG, payload: pings(client)[0].payload })
    await turn()
    assert.deepEqual(admitted(gateway), [])
    client.send({ type: FrameType.PONG, payload: pings(client)[1].payload })
    await until(() => admitted(gateway).length === 1)
  })

  test('a client that answers no PING waits a while, and no longer', async () => {
    const { gateway, client } = await afterRefusal()
    client.send(request(2))
    client.connection.tick(Date.now())
    await turn()
    assert.deepEqual(admitted(gateway), [])
    client.connection.tick(Date.now() + REFUSAL_BARRIER_MS)
    await until(() => admitted(gateway).length === 1)
  })

  test('a client that has answered no PING once is not waited for again, until it answers one', async () => {
    const { gateway, client } = await afterRefusal()
    client.send(request(2))
    client.connection.tick(Date.now() + REFUSAL_BARRIER_MS)
    await until(() => admitted(gateway).length === 1)
    client.send({ ...request(3), opcode: 99 }, request(4))
    assert.deepEqual(admitted(gateway), [2, 4])
    client.send({ type: FrameType.PONG, payload: pings(client).at(-1)!.payload })
    client.send({ ...request(5), opcode: 99 }, request(6))
    assert.deepEqual(admitted(gateway), [2, 4])
  })

  test('what has waited behind it has its time from when it was read', async () => {
    const { gateway, client } = await afterRefusal()
    const before = Date.now()
    client.send({ ...request(2), metadata: { timeout: 5_000 } })
    await new Promise(resolve => setTimeout(resolve, 30))
    const readBy = Date.now() - 30
    client.send({ type: FrameType.PONG, payload: pings(client)[0].payload })
    await until(() => admitted(gateway).length === 1)
    const { deadline } = gateway.appender.records[0]
    assert.ok(deadline >= before + 5_000 && deadline <= readBy + 5_005, `${deadline - before}`)
  })

  test('whatever it is for, what stands behind it in the same read waits until it is read', async () => {
    const gateway = fakeGateway()
    const client = await openClient(gateway)
    client.send({ ...request(1), opcode: 99 }, request(2))
    assert.deepEqual([refused(client), admitted(gateway), pings(client).length], [[[1, 'NO_ROUTE']], [], 1])
    client.send({ type: FrameType.PONG, payload: pings(client)[0].payload })
    await until(() => admitted(gateway).length === 1)
  })
})
