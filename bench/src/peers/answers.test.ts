import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { answerEnd } from './http-answers.ts'
import { lengthFrame, lengthFrameEnd } from './length-frames.ts'
import { clientFrame, serverFrameEnd } from './ws-frames.ts'

const payload = Buffer.alloc(200, 'a')
const http = Buffer.from(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 200\r\n\r\n${payload}`)
const webSocket = Buffer.concat([Buffer.from([0x82, 126, 0, 200]), payload])

const protocols: [name: string, answer: Buffer, end: (bytes: Buffer, at: number) => number][] = [
  ['a length-prefixed frame', lengthFrame(payload), lengthFrameEnd],
  ['an HTTP answer', http, (bytes, at) => answerEnd(bytes, at, 200)],
  ['a WebSocket message', webSocket, (bytes, at) => serverFrameEnd(bytes, at, 200)],
]

for (const [name, answer, end] of protocols) {
  describe(name, () => {
    test('is incomplete wherever it is cut', () => {
      for (let cut = 0; cut < answer.length; cut++) assert.equal(end(answer.subarray(0, cut), 0), -1, `cut at ${cut}`)
    })

    test('ends where the next one begins', () => {
      const two = Buffer.concat([answer, answer])
      assert.equal(end(two, 0), answer.length)
      assert.equal(end(two, answer.length), two.length)
    })
  })
}

describe('what is not the echo', () => {
  test('is an HTTP answer of another status or length', () => {
    assert.throws(() => answerEnd(Buffer.from('HTTP/1.1 500 Oh\r\ncontent-length: 200\r\n\r\n'), 0, 200), /HTTP\/1.1 500 Oh/)
    assert.throws(() => answerEnd(http, 0, 199), /WRONG_LENGTH/)
  })

  test('is a WebSocket frame of another kind or length', () => {
    assert.throws(() => serverFrameEnd(Buffer.from([0x88, 2, 3, 0xe8]), 0, 200), /NOT_THE_ECHO/)
    assert.throws(() => serverFrameEnd(webSocket, 0, 201), /NOT_THE_ECHO/)
  })
})

test('a client’s WebSocket frame is masked with the key it names (RFC 6455, 5.3)', () => {
  const frame = clientFrame(payload)
  assert.deepEqual([...frame.subarray(0, 4)], [0x82, 0x80 | 126, 0, 200])
  const mask = frame.subarray(4, 8)
  assert.deepEqual(Buffer.from(frame.subarray(8).map((byte, i) => byte ^ mask[i % 4])), payload)
})
