import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RecordHeader } from './record-header.ts'
import { decodeRecordHeader, encodeRecordHeader, encodeRecordHeaderWith, recordHeaderTail } from './record-header.ts'

const HEADER: RecordHeader = {
  msgId: 7,
  prev: 5,
  route: 'orders.place',
  codec: 1,
  kind: 'request',
  gateway: 'gw-1',
  epoch: 3,
  incarnation: 'i1',
  principal: 'ada',
  deadline: 1_700_000_000_000,
  key: '',
  opcode: 257,
  resent: false,
}
const TEXT = '1;7;5;r;1;257;1700000000000;orders.place;gw-1;3;i1;ada;;'

test('is written as fields in the documented order', () => {
  assert.equal(encodeRecordHeader(HEADER), TEXT)
  assert.deepEqual(decodeRecordHeader(TEXT), HEADER)
})

test('an r appended to the text marks the record resent, once or more often', () => {
  assert.equal(decodeRecordHeader(`${TEXT}r`).resent, true)
  assert.equal(decodeRecordHeader(`${TEXT}rr`).resent, true)
  assert.equal(encodeRecordHeader({ ...HEADER, resent: true }), `${TEXT}r`)
})

test('how many emits led to a message stands in its marks, and may be sent again as any', () => {
  const emitted = { ...HEADER, hops: 12 }
  assert.equal(encodeRecordHeader(emitted), `${TEXT}h12`)
  assert.deepEqual(decodeRecordHeader(`${TEXT}h12`), emitted)
  assert.deepEqual(decodeRecordHeader(`${TEXT}h12r`), { ...emitted, resent: true })
  assert.equal(encodeRecordHeader({ ...emitted, resent: true }), `${TEXT}h12r`)
  assert.equal(encodeRecordHeader({ ...HEADER, hops: 0 }), TEXT)
})

test('every kind and every awkward text comes back as it was', () => {
  const texts = ['', ';', '%', '%3B', 'a;b%c', 'naïve', '日本', '😀;', '\n\0\x7f', ' space ', 'r', ';r', 'x'.repeat(300)]
  for (const kind of ['request', 'notify', 'event'] as const) {
    for (const text of texts) {
      const header: RecordHeader = {
        ...HEADER,
        kind,
        route: text,
        gateway: text,
        incarnation: text,
        principal: text,
        key: text,
        resent: text === 'r',
      }
      const encoded = encodeRecordHeader(header)
      assert.match(encoded, /^[\x20-\x7e]+$/)
      assert.deepEqual(decodeRecordHeader(encoded), header)
    }
  }
})

test('around a tail made once, it is the same text', () => {
  assert.equal(encodeRecordHeaderWith(recordHeaderTail(HEADER), 7, 5, 'request', 1, 257, HEADER.deadline, ''), TEXT)
})

test('a remembered tail belongs to its own text only', () => {
  for (let epoch = 0; epoch < 10_000; epoch++) assert.equal(decodeRecordHeader(encodeRecordHeader({ ...HEADER, epoch })).epoch, epoch)
  assert.equal(decodeRecordHeader(TEXT).epoch, 3)
})

for (const field of ['msgId', 'prev', 'codec', 'opcode', 'epoch', 'deadline', 'hops'] as const) {
  test(`is not written where ${field} is no whole number from 0: nobody could read it`, () => {
    for (const value of [1.5, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
      const refusal = { name: 'RangeError', message: `record header ${field} is ${value}, expected an integer of 0 or more` }
      assert.throws(() => encodeRecordHeader({ ...HEADER, [field]: value }), refusal)
    }
  })
}

const WRONG: [text: string, detail: RegExp][] = [
  ['', /fields/],
  ['1;2;3', /fields/],
  [TEXT.slice(0, -1), /fields/],
  [`${TEXT};`, /fields/],
  [`2${TEXT.slice(1)}`, /version: got "2"/],
  [TEXT.replace(';7;', ';x;'), /msgId: got "x"/],
  [TEXT.replace(';7;', ';;'), /msgId: got ""/],
  [TEXT.replace(';5;', ';-5;'), /prev: got "-5"/],
  [TEXT.replace(';r;', ';q;'), /kind: got "q"/],
  [TEXT.replace(';257;', ';2.5;'), /opcode/],
  [TEXT.replace(';3;i1', ';three;i1'), /epoch: got "three"/],
  [TEXT.replace('ada', '%zz'), /principal has a broken percent-encoding/],
  [`${TEXT}x`, /marks: got "x"/],
  [`${TEXT}h`, /marks: got "h"/],
  [`${TEXT}h0`, /marks: got "h0"/],
  [`${TEXT}rh1`, /marks: got "rh1"/],
  [`${TEXT}h1234567890`, /marks: got "h1234567890"/],
]

for (const [text, detail] of WRONG) {
  test(`refuses ${JSON.stringify(text)} by the name of the field`, () => {
    assert.throws(() => decodeRecordHeader(text), { code: 'BAD_FRAME', detail })
  })
}

test('a text cut anywhere is refused, or is the same header', () => {
  for (let size = 0; size < TEXT.length; size++) assert.throws(() => decodeRecordHeader(TEXT.slice(0, size)), { code: 'BAD_FRAME' })
})
