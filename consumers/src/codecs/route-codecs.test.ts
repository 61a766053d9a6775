import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { Codec } from '@causeway/protocol'
import { pack, unpack } from 'msgpackr'
import { messageOf } from '../messages.fixture.ts'
import { codec } from './payload-codec.ts'
import { RouteCodecs } from './route-codecs.ts'
import { struct } from './struct.ts'

const MAX = 1_000
const message = (codecNumber: number, value: Uint8Array, contentType?: string) => ({
  ...messageOf({ codec: codecNumber, value }),
  contentType,
})
const jsonText = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value))
/** Reverses the bytes of JSON. */
const backwards = codec(200, {
  decode: payload => JSON.parse(Buffer.from(payload).reverse().toString()),
  encode: value => Buffer.from(JSON.stringify(value)).reverse(),
})

describe('a route reads', () => {
  test('JSON, MessagePack, and without a codec JSON', () => {
    const codecs = new RouteCodecs()
    const value = { a: [1, null, 'x'], b: true }
    assert.deepEqual(codecs.decode(message(Codec.JSON, jsonText(value)), MAX), value)
    assert.deepEqual(codecs.decode(message(Codec.MESSAGE_PACK, pack(value)), MAX), value)
    assert.deepEqual(codecs.decode(message(Codec.BYTES, jsonText(value)), MAX), value)
  })

  test('nothing at all as undefined, where the frame names no codec', () => {
    const codecs = new RouteCodecs()
    assert.equal(codecs.decode(message(Codec.BYTES, new Uint8Array(0)), MAX), undefined)
    assert.throws(() => codecs.decode(message(Codec.JSON, new Uint8Array(0)), MAX), /not JSON/)
  })

  test("the application's own codec, and its struct where the frame names none", () => {
    const codecs = new RouteCodecs([backwards, struct({ fields: [{ name: 'n', type: 'u16' }] })])
    assert.deepEqual(codecs.decode(message(200, backwards.encode([1, 2])), MAX), [1, 2])
    assert.deepEqual(codecs.decode(message(Codec.BYTES, Uint8Array.of(1, 2)), MAX), { n: 258 })
  })

  test('nothing of a codec that it does not serve, and says which it does', () => {
    assert.throws(
      () => new RouteCodecs().decode(message(Codec.PROTOBUF, new Uint8Array(0)), MAX),
      /codec 3 is not served by this route; expected .*1 \(JSON\)/,
    )
  })

  test('only what the bytes are', () => {
    const codecs = new RouteCodecs()
    assert.throws(() => codecs.decode(message(Codec.JSON, Buffer.from('{"a"')), MAX), /^Error: not JSON: /)
    assert.throws(() => codecs.decode(message(Codec.MESSAGE_PACK, Uint8Array.of(0x92, 1)), MAX), /^Error: not MessagePack: /)
    assert.throws(() => codecs.decode(message(Codec.MESSAGE_PACK, Uint8Array.of(1, 2)), MAX), /^Error: not MessagePack: /)
  })

  for (const type of ['application/gzip', 'application/json+gzip', 'APPLICATION/JSON+GZIP; charset=utf-8']) {
    test(`what is zipped as ${type}`, () => {
      assert.deepEqual(new RouteCodecs().decode(message(Codec.JSON, gzipSync(jsonText([1])), type), MAX), [1])
    })
  }

  test('nothing that is more than the largest payload once inflated, or is not gzip', () => {
    const codecs = new RouteCodecs()
    const bomb = gzipSync(jsonText('x'.repeat(100_000)))
    assert.ok(bomb.length < MAX)
    assert.throws(
      () => codecs.decode(message(Codec.JSON, bomb, 'application/gzip'), MAX),
      /more than 1000 bytes inflated \(CAUSEWAY_MAX_PAYLOAD\)/,
    )
    assert.throws(() => codecs.decode(message(Codec.JSON, jsonText([1]), 'application/gzip'), MAX), /not gzip/)
  })
})

describe('an answer', () => {
  const codecs = new RouteCodecs([backwards])

  test('wears the codec of its question', () => {
    const packed = codecs.encode({ a: 1 }, Codec.MESSAGE_PACK)
    assert.deepEqual([packed.codec, unpack(packed.payload)], [Codec.MESSAGE_PACK, { a: 1 }])
    assert.deepEqual(codecs.encode([1], 200), { codec: 200, payload: backwards.encode([1]) })
  })

  test('is JSON where the question named no codec, or one that only its handler knows', () => {
    for (const asked of [Codec.BYTES, Codec.JSON, 131])
      assert.deepEqual([codecs.encode(1, asked).codec, String(codecs.encode(1, asked).payload)], [Codec.JSON, '1'])
  })

  test('of bytes is those bytes', () => {
    const payload = Uint8Array.of(1)
    assert.deepEqual(codecs.encode(payload, Codec.JSON), { payload, codec: Codec.BYTES })
  })

  test('keeps its bytes when the next one is packed', () => {
    const first = codecs.encode('first', Codec.MESSAGE_PACK)
    codecs.encode('other', Codec.MESSAGE_PACK)
    assert.equal(unpack(first.payload), 'first')
  })
})

test("two codecs of one number are refused, and numbers that are not the application's", () => {
  assert.throws(
    () => new RouteCodecs([backwards, codec(200, { ...backwards, name: 'twin' })]),
    /codecs codec 200 and twin both have number 200/,
  )
  for (const number of [-1, 3, 127, 256, 1.5]) assert.throws(() => codec(number, backwards), /expected a whole number from 128 to 255/)
})
