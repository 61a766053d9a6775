import assert from 'node:assert/strict'
import { test } from 'node:test'
import { problem } from './errors.ts'
import { encodeFrame } from './frame.ts'
import { encodeCredit } from './frame-credit.ts'
import { decodeFrame } from './frame-decoder.ts'
import { decodeError, encodeError } from './frame-error.ts'
import { decodeSyn } from './frame-syn.ts'
import { Codec, Flag, FrameType, typeName } from './frame-type.ts'
import { decodeJsonText, encodeJsonText } from './json-text.ts'
import { utf8Decode } from './utf8.ts'
import { fromHex, readVectors } from './vectors.fixture.ts'

/** What the text can't say: contentType and tracestate, retry-after beside an error, that metadata is there but empty. */
const UNSAID = /content type|empty metadata/

for (const { meaning, hex } of readVectors<{ meaning: string; hex: string }>('frames')) {
  test(`says and reads back ${meaning}`, { skip: UNSAID.test(meaning) && 'the text has no name for its metadata' }, () => {
    const frame = decodeFrame(fromHex(hex))
    const back = decodeJsonText(encodeJsonText(frame))
    // A WebSocket message needs no checksum, and a control frame's JSON may come back with its names in another order.
    frame.flags &= ~Flag.CHECKSUM
    const body = (payload: Uint8Array) => (frame.codec === Codec.JSON ? JSON.parse(utf8Decode(payload)) : payload)
    assert.deepEqual({ ...back, payload: body(back.payload) }, { ...frame, payload: body(frame.payload) })
  })
}

test('the examples of the protocol read as they say', () => {
  const request = decodeJsonText('{"type":"request","id":1,"op":"echo","payload":{"a":1},"timeout":500,"key":"k","ack":9}')
  assert.deepEqual([request.type, request.msgId, request.opcode, request.codec, request.seq], [FrameType.REQUEST, 1, 0, Codec.JSON, 9])
  assert.deepEqual(request.metadata, { route: 'echo', timeout: 500, idempotencyKey: 'k' })
  assert.equal(utf8Decode(request.payload), '{"a":1}')
  const numbered = decodeJsonText('{"type":"request","id":1,"op":5,"payload64":"AP8="}')
  assert.deepEqual([numbered.opcode, numbered.metadata, numbered.codec], [5, undefined, Codec.BYTES])
  assert.deepEqual(numbered.payload, Uint8Array.of(0, 255))
  assert.equal(decodeJsonText('{"type":"ack","ack":9}').seq, 9)
  assert.deepEqual(decodeSyn(decodeJsonText('{"type":"syn","token":"t","attempt":3,"lastSeq":4}').payload), {
    token: 't',
    attempt: 3,
    lastSeq: 4,
  })
})

test('a frame reads as a person expects it', () => {
  const response = encodeFrame({ type: FrameType.RESPONSE, codec: Codec.JSON, opcode: 1, msgId: 1, seq: 1, payload: '{"a": 1}' })
  assert.equal(encodeJsonText(response, 'echo'), '{"type":"response","id":1,"seq":1,"op":"echo","payload":{"a": 1}}')
  assert.equal(encodeJsonText(encodeCredit({ messages: 5, bytes: 6 })), '{"type":"credit","messages":5,"bytes":6}')
  assert.equal(encodeJsonText(encodeFrame({ type: FrameType.ACK, msgId: 5 })), '{"type":"ack","id":5}')
  const error = encodeJsonText(encodeError(problem('OVERLOADED', { retryAfterMs: 100 }), { msgId: 3 }))
  assert.deepEqual(JSON.parse(error), {
    type: 'error',
    id: 3,
    code: 'OVERLOADED',
    number: 4001,
    title: 'Too much is waiting',
    retryAfterMs: 100,
  })
  assert.equal(decodeError(decodeJsonText(error).payload).code, 'OVERLOADED')
})

test('a payload labelled JSON that is none goes out as payload64, so that the text stays JSON', () => {
  for (const payload of ['{"a":', '1}, "seq": 9', '\xff']) {
    const frame = encodeFrame({ type: FrameType.PUSH, codec: Codec.JSON, payload: Buffer.from(payload, 'latin1') })
    assert.equal(JSON.parse(encodeJsonText(frame)).payload64, Buffer.from(payload, 'latin1').toString('base64'))
  }
})

test('a large payload of bytes goes both ways', () => {
  const payload = Uint8Array.from({ length: 100_001 }, (_, index) => index & 0xff)
  const back = decodeJsonText(encodeJsonText(encodeFrame({ type: FrameType.PUSH, payload })))
  assert.deepEqual(back.payload, payload)
})

test('what is nested too deep to be written again is a bad frame, not the end of the process', () => {
  const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`
  for (const text of [`{"type":"request","id":1,"op":"echo","payload":${deep}}`, `{"type":"syn","deep":${deep}}`])
    assert.throws(() => decodeJsonText(text), { code: 'BAD_FRAME' })
})

test('SUBSCRIBE names its offset as its payload does', () => {
  const frame = decodeJsonText('{"type":"subscribe","id":2,"channel":"news","offset":4}')
  assert.equal(typeName(frame.type), 'subscribe')
  assert.deepEqual(frame.metadata, { channel: 'news' })
  assert.equal(utf8Decode(frame.payload), '{"offset":4}')
})

const WRONG: [text: string, code: string, detail: RegExp, msgId?: number][] = [
  ['', 'BAD_FRAME', /not JSON/],
  ['[1]', 'BAD_FRAME', /a list, expected a JSON object/],
  ['{}', 'BAD_FRAME', /message\.type is missing/],
  ['{"type":5}', 'BAD_FRAME', /message\.type is 5/],
  ['{"type":"REQUEST","id":4}', 'UNKNOWN_TYPE', /REQUEST/, 4],
  ['{"type":"request","id":-1}', 'BAD_FRAME', /message\.id is -1/],
  ['{"type":"request","id":4,"op":70000}', 'BAD_FRAME', /message\.op is 70000/, 4],
  ['{"type":"request","id":4,"op":true}', 'BAD_FRAME', /message\.op is true/, 4],
  ['{"type":"request","id":4,"timeout":"5s"}', 'BAD_FRAME', /message\.timeout is string/, 4],
  ['{"type":"request","id":4,"payload":1,"payload64":"AA=="}', 'BAD_FRAME', /payload and payload64/, 4],
  ['{"type":"request","id":4,"payload64":"*"}', 'BAD_FRAME', /payload64 is not base64/, 4],
  ['{"type":"request","id":4,"payload64":5}', 'BAD_FRAME', /message\.payload64 is 5/, 4],
  ['{"type":"subscribe","id":4,"channel":"c","offset":-2}', 'BAD_FRAME', /message\.offset/, 4],
  ['{"type":"credit","messages":1}', 'BAD_FRAME', /message\.bytes is missing/],
  [`{"type":"ping","payload":"${'x'.repeat(124)}"}`, 'BAD_FRAME', /126 bytes, expected at most 125/],
]

for (const [text, code, detail, msgId = 0] of WRONG) {
  test(`refuses ${text.slice(0, 60)} by the name of its field`, () => {
    assert.throws(() => decodeJsonText(text), { code, detail, msgId })
  })
}
