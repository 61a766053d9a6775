import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ErrorName } from './errors.ts'
import { problem } from './errors.ts'
import { encodeFrame } from './frame.ts'
import { decodeClose, encodeClose } from './frame-close.ts'
import { decodeCredit, encodeCredit } from './frame-credit.ts'
import { decodeFrame } from './frame-decoder.ts'
import { decodeError, encodeError } from './frame-error.ts'
import { decodeGoaway, encodeGoaway } from './frame-goaway.ts'
import type { Syn } from './frame-syn.ts'
import { decodeSyn, encodeSyn } from './frame-syn.ts'
import type { SynAck } from './frame-syn-ack.ts'
import { decodeSynAck, encodeSynAck } from './frame-syn-ack.ts'
import { FrameType } from './frame-type.ts'
import { utf8Encode } from './utf8.ts'

const SYN: Syn = {
  token: 't',
  session: 's',
  resumeToken: 'r',
  attempt: 2,
  lastSeq: 3,
  stored: 9,
  waiting: [
    [8, 1_500],
    [9, 0],
  ],
  channels: { news: 4, __proto__x: 1 },
  keepAliveMs: 10_000,
  codecs: ['json', 0],
  client: { name: 'test', version: '1' },
}

const SYN_ACK: SynAck = {
  session: 's',
  resumeToken: 'r',
  epoch: 2,
  resumed: true,
  recovered: false,
  channels: { news: { offset: 4, recovered: false } },
  lastMsgId: 9,
  window: { messages: 1_024, bytes: 8 << 20 },
  maxPayload: 1 << 20,
  keepAliveMs: 30_000,
  server: { id: 'gw', version: '0.1.0' },
  principal: 'ada',
}

function bodyOf(bytes: Uint8Array, type: number): Uint8Array {
  const frame = decodeFrame(bytes)
  assert.equal(frame.type, type)
  return frame.payload
}

test('each control frame decodes to what was encoded', () => {
  assert.deepEqual(decodeSyn(bodyOf(encodeSyn(SYN), FrameType.SYN)), SYN)
  assert.deepEqual(decodeSyn(bodyOf(encodeSyn({}), FrameType.SYN)), {})
  assert.deepEqual(decodeSynAck(bodyOf(encodeSynAck(SYN_ACK), FrameType.SYN_ACK)), SYN_ACK)
  assert.deepEqual(decodeCredit(bodyOf(encodeCredit({ messages: 0, bytes: 0xffffffff }), FrameType.CREDIT)), {
    messages: 0,
    bytes: 0xffffffff,
  })
  const goaway = { reason: 'restart', reconnectAfterMs: 250, code: 'GOING_AWAY' }
  assert.deepEqual(decodeGoaway(bodyOf(encodeGoaway(goaway), FrameType.GOAWAY)), goaway)
})

test('ERROR carries the problem, and about which message', () => {
  const overloaded = problem('OVERLOADED', { detail: 'window full', retryAfterMs: 200, traceId: 'abc' })
  const frame = decodeFrame(encodeError(overloaded, { msgId: 7, opcode: 5 }))
  assert.deepEqual([frame.type, frame.msgId, frame.opcode, frame.seq], [FrameType.ERROR, 7, 5, 0])
  assert.deepEqual(decodeError(frame.payload), overloaded)
})

test('CLOSE gives the detail as its reason, or the title', () => {
  const idle = problem('IDLE')
  assert.deepEqual(decodeClose(bodyOf(encodeClose(idle), FrameType.CLOSE)), { ...idle, reason: idle.title })
  const detailed = problem('IDLE', { detail: '90 s' })
  assert.equal(decodeClose(bodyOf(encodeClose(detailed), FrameType.CLOSE)).reason, '90 s')
})

test('unknown fields are ignored, null is absent, and an unknown code of a newer server is taken', () => {
  assert.deepEqual(decodeSyn(utf8Encode('{"token":null,"later":{"deep":[1]}}')), {})
  const later = decodeError(utf8Encode('{"code":"LATER","number":4299,"title":"t","more":1}'))
  assert.deepEqual(later, { code: 'LATER', number: 4_299, title: 't' })
})

const WRONG_SYN: [json: string, detail: RegExp][] = [
  ['', /not JSON/],
  ['[]', /syn is a list, expected a JSON object/],
  ['null', /syn is null, expected a JSON object/],
  ['{"token":1}', /syn\.token is 1, expected a text/],
  [`{"token":"${'x'.repeat(16_385)}"}`, /syn\.token has 16385 characters/],
  ['{"attempt":-1}', /syn\.attempt is -1, expected an integer/],
  ['{"attempt":"1"}', /syn\.attempt is string/],
  ['{"attempt":9007199254740992}', /syn\.attempt is 9007199254740992/],
  ['{"lastSeq":-1}', /syn\.lastSeq is -1, expected an integer/],
  ['{"lastSeq":4294967296}', /syn\.lastSeq is 4294967296/],
  ['{"stored":"1"}', /syn\.stored is string, expected an integer/],
  ['{"keepAliveMs":1.5}', /syn\.keepAliveMs is 1\.5/],
  ['{"waiting":{}}', /syn\.waiting is object, expected a list/],
  ['{"waiting":[[1]]}', /syn\.waiting\[0\] is a list, expected a pair/],
  ['{"waiting":[[1,2],[1,"x"]]}', /syn\.waiting\[1\]\[1\] is string/],
  [`{"waiting":[${new Array(4_097).fill('[1,1]').join()}]}`, /syn\.waiting has 4097 items, expected at most 4096/],
  ['{"channels":[]}', /syn\.channels is a list/],
  ['{"channels":{"news":"x"}}', /syn\.channels\.news is string/],
  [`{"channels":{"${'c'.repeat(1_025)}":1}}`, /syn\.channels has a name of 1025 characters/],
  [`{"channels":{${Array.from({ length: 1_001 }, (_, index) => `"c${index}":1`).join()}}}`, /syn\.channels has 1001 names/],
  ['{"client":"me"}', /syn\.client is string, expected a JSON object/],
  ['{"client":{"name":5}}', /syn\.client\.name is 5/],
  ['{"codecs":[true]}', /syn\.codecs\[0\] is true/],
  ['{"codecs":[256]}', /syn\.codecs\[0\] is 256/],
]

for (const [json, detail] of WRONG_SYN) {
  test(`refuses the SYN ${json.slice(0, 60)} by the name of its field`, () => {
    assert.throws(() => decodeSyn(utf8Encode(json)), { code: 'BAD_FRAME' satisfies ErrorName, detail })
  })
}

test('a SYN_ACK that lacks a field is refused by its name', () => {
  for (const field of [
    'session',
    'resumeToken',
    'epoch',
    'resumed',
    'recovered',
    'lastMsgId',
    'window',
    'maxPayload',
    'keepAliveMs',
    'server',
  ]) {
    const { [field as keyof SynAck]: _, ...rest } = SYN_ACK
    assert.throws(() => decodeSynAck(utf8Encode(JSON.stringify(rest))), { code: 'BAD_FRAME', detail: `syn_ack.${field} is missing` })
  }
})

test('a body cut at any offset is refused, never taken for another', () => {
  const whole = [
    [decodeSyn, decodeFrame(encodeSyn(SYN)).payload],
    [decodeSynAck, decodeFrame(encodeSynAck(SYN_ACK)).payload],
    [decodeError, decodeFrame(encodeError(problem('TIMEOUT'), { msgId: 1 })).payload],
    [decodeClose, decodeFrame(encodeClose(problem('IDLE'))).payload],
    [decodeCredit, decodeFrame(encodeCredit({ messages: 1, bytes: 1 })).payload],
  ] as const
  for (const [decode, payload] of whole) {
    for (let size = 0; size < payload.length; size++) assert.throws(() => decode(payload.subarray(0, size)), { code: 'BAD_FRAME' })
  }
})

test('a body that is not UTF-8 is refused', () => {
  const frame = decodeFrame(encodeFrame({ type: FrameType.SYN, payload: Uint8Array.of(0x22, 0xff, 0x22) }))
  assert.throws(() => decodeSyn(frame.payload), { code: 'BAD_FRAME', detail: /UTF-8/ })
})
