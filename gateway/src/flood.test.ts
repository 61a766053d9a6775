import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DIALECTS, type DialectMessage, FrameType } from '@causeway/protocol'
import { until } from '@causeway/testing'
import { openClient } from './client.fixture.ts'
import { DialectConnection } from './dialects/dialect-connection.ts'
import { FakeTransport, fakeGateway } from './gateway.fixture.ts'
import { SLOW_CONSUMER_MS } from './limits.ts'

/** What a gateway answers by itself passes no window and no outbox: only reading no further bounds it. */
const MANY = 4_097

test('a client that floods with PING and reads nothing is read no further, goes on when it reads, and is cut off when it does not', async () => {
  const client = await openClient(fakeGateway({ sendBuffer: 4_096 }))
  client.transport.waitingBytes = MANY
  client.send({ type: FrameType.PING })
  assert.equal(client.transport.paused, true)
  client.transport.drain()
  assert.equal(client.transport.paused, false)

  client.transport.waitingBytes = MANY
  client.send({ type: FrameType.PING })
  client.connection.tick(Date.now() + SLOW_CONSUMER_MS + 1)
  assert.deepEqual([client.transport.endCode(), client.transport.destroyed], [4003, true])
})

test('a client that is refused without end and reads nothing is read no further', async () => {
  const client = await openClient(fakeGateway({ sendBuffer: 4_096 }))
  client.transport.waitingBytes = MANY
  client.send({ type: FrameType.REQUEST, msgId: 1, opcode: 999 })
  assert.equal(client.transport.of(FrameType.ERROR).length, 1)
  assert.equal(client.transport.paused, true)
})

test('a device that floods with heartbeats and reads nothing is read no further, and cut off', async () => {
  const gateway = fakeGateway({ sendBuffer: 4_096 })
  const transport = new FakeTransport()
  const connection = new DialectConnection(gateway.context, transport, DIALECTS.mc1, undefined)
  await until(() => gateway.host.held.size === 1)
  const heartbeats: DialectMessage[] = []
  DIALECTS.mc1.decoder({ maxPayload: 1_024 }).push(Buffer.from('4d43010000000000', 'hex'), heartbeats)
  transport.waitingBytes = MANY
  connection.received(heartbeats, undefined)
  assert.equal(transport.paused, true)
  connection.tick(Date.now() + SLOW_CONSUMER_MS + 1)
  assert.deepEqual([transport.endCode(), transport.destroyed], [4003, true])
})
