import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { WebSocketCarrier } from './websocket-carrier.ts'

const UPGRADED = Buffer.from('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n')
const message = (text: string): Buffer => Buffer.concat([Buffer.from([0x82, text.length]), Buffer.from(text)])

describe('version 2 over WebSocket', () => {
  test('gives back what messages hold, wherever the bytes are cut', () => {
    const bytes = Buffer.concat([UPGRADED, message('one'), message('two'), Buffer.from([0x89, 1, 0x61]), message('three')])
    for (let cut = 0; cut <= bytes.length; cut++) {
      const carrier = new WebSocketCarrier(7401)
      const read = [bytes.subarray(0, cut), bytes.subarray(cut)].map(chunk => carrier.unwrap(chunk).toString())
      assert.equal(read.join(''), 'onetwothree', `cut at ${cut}`)
      assert.ok(carrier.isOpen)
    }
  })

  for (const [length, head] of [
    [125, 2],
    [126, 4],
    [65_536, 10],
  ]) {
    test(`masks a write of ${length} bytes as one message (RFC 6455, 5.2 and 5.3)`, () => {
      const frames = Buffer.alloc(length, 'frame')
      const wrapped = new WebSocketCarrier(7401).wrap(frames)
      assert.deepEqual([wrapped[0], wrapped[1] & 0x80, wrapped.length], [0x82, 0x80, head + 4 + length])
      const mask = wrapped.subarray(head, head + 4)
      assert.deepEqual(Buffer.from(wrapped.subarray(head + 4).map((byte, i) => byte ^ mask[i % 4])), frames)
    })
  }

  test('a refused upgrade is an error', () => {
    assert.throws(() => new WebSocketCarrier(7401).unwrap(Buffer.from('HTTP/1.1 403 Forbidden\r\n\r\n')), /NO_UPGRADE/)
  })
})
