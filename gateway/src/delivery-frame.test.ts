import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DEFAULT_MAX_PAYLOAD, DIALECTS, type DialectMessage, encodeFrame, FrameType } from '@causeway/protocol'
import { until } from '@causeway/testing'
import type { WebSocket } from 'ws'
import { readDelivery } from './delivery-frame.ts'
import { DialectConnection } from './dialects/dialect-connection.ts'
import { answer, FakeTransport, fakeGateway } from './gateway.fixture.ts'
import { WebSocketTransport } from './transport-websocket.ts'

/** A handler may answer more than a client may send. */
const LARGE = 'x'.repeat(DEFAULT_MAX_PAYLOAD + 1)

test('a delivery is read whatever its size', () => {
  const { payload } = readDelivery(encodeFrame({ type: FrameType.RESPONSE, msgId: 1, payload: LARGE }))
  assert.equal(payload.length, LARGE.length)
})

test('an answer larger than what a client may send goes out as causeway.json', () => {
  const sent: string[] = []
  const socket = { send: (text: string) => sent.push(text), bufferedAmount: 0 } as unknown as WebSocket
  const transport = new WebSocketTransport(socket, '192.0.2.1:5000', true)
  transport.queue(encodeFrame({ type: FrameType.RESPONSE, msgId: 1, seq: 1, codec: 1, payload: JSON.stringify(LARGE) }))
  transport.flush()
  assert.equal((JSON.parse(sent[0]) as { payload: string }).payload.length, LARGE.length)
})

test('an answer larger than what a client may send goes out in its dialect', async () => {
  const gateway = fakeGateway()
  const transport = new FakeTransport()
  const { vmol } = DIALECTS
  const connection = new DialectConnection(gateway.context, transport, vmol, undefined)
  await until(() => gateway.host.held.size === 1)
  const messages: DialectMessage[] = []
  vmol.decoder({ maxPayload: 1_024 }).push(vmol.encodeRequest({ operation: 1, correlation: 9, payload: Buffer.from('a') }), messages)
  connection.received(messages, undefined)
  await answer(gateway, gateway.appender.records[0], LARGE)
  assert.equal(transport.bytes.length, vmol.table.headerSize! + LARGE.length)
})
