import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { decodeFrame, decodeSyn, encodeError, encodeFrame, encodeSynAck, FrameType, problem } from '@causeway/protocol'
import { bareUpgrade, overTcp, overWebSocket } from './connect-visits.ts'

const UPGRADED = Buffer.from('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n')
const SYN_ACK = encodeSynAck({
  ...{ session: 's', resumeToken: 't', epoch: 1, resumed: false, recovered: false, lastMsgId: 0, maxPayload: 1, keepAliveMs: 1 },
  ...{ window: { messages: 1, bytes: 1 }, server: { id: 'gw', version: '0' } },
})
const CLOSE_OPCODE = 0x88

describe('a visit', () => {
  test('of a bare WebSocket closes it once it is upgraded, wherever the answer is cut', () => {
    for (let cut = 0; cut < UPGRADED.length; cut++) {
      const visit = bareUpgrade(7401)
      assert.equal(visit.read(UPGRADED.subarray(0, cut)), undefined)
      assert.equal(visit.read(UPGRADED.subarray(cut))?.[0], CLOSE_OPCODE)
      assert.ok(visit.isOver)
    }
  })

  test('over TCP brings a token that no other visit had, and ends what the SYN_ACK has opened', () => {
    const [one, other] = [overTcp(), overTcp()].map(({ first }) => decodeSyn(decodeFrame(first).payload).token)
    assert.notEqual(one, other)
    const visit = overTcp()
    assert.equal(visit.read(Buffer.from(SYN_ACK.subarray(0, 30))), undefined)
    assert.equal(visit.isOver, false)
    const last = visit.read(Buffer.from(SYN_ACK.subarray(30)))!
    const ack = encodeFrame({ type: FrameType.ACK })
    assert.deepEqual(last.subarray(0, ack.length), Buffer.from(ack))
    assert.equal(decodeFrame(last.subarray(ack.length)).type, FrameType.CLOSE)
    assert.ok(visit.isOver)
  })

  test('over WebSocket says its SYN once it is upgraded', () => {
    const visit = overWebSocket(7401)
    assert.ok(visit.read(UPGRADED)!.length > 0)
    const message = Buffer.concat([Buffer.from([0x82, 126, SYN_ACK.length >> 8, SYN_ACK.length & 0xff]), SYN_ACK])
    assert.equal(visit.read(message)!.at(-6), CLOSE_OPCODE)
    assert.ok(visit.isOver)
  })

  test('that is refused fails with the code', () => {
    const refusal = Buffer.from(encodeError(problem('UNAUTHENTICATED'), { msgId: 0, opcode: 0 }))
    assert.throws(() => overTcp().read(refusal), /UNAUTHENTICATED/)
    assert.throws(() => bareUpgrade(7401).read(Buffer.from('HTTP/1.1 503 Busy\r\n\r\n')), /NO_UPGRADE/)
  })
})
