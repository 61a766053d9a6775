import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { protobuf } from './protobuf.ts'

const file = fileURLToPath(new URL('./orders.fixture.proto', import.meta.url))
/** Order { id: "a", lines: [{ article: "x", amount: -2 }], size: LARGE, at: 2^53 + 1, note: 01 }, as protoc encodes it. */
const ORDER = Buffer.from('0a0161' + '12050a01781003' + '1801' + '208180808080808010' + '2a0101', 'hex')

describe('protobuf', () => {
  test('reads a message: enums by name, 64-bit integers as text, bytes as bytes', () => {
    assert.deepEqual(plain(protobuf({ file, input: 'shop.Order' }).decode(ORDER)), {
      id: 'a',
      lines: [{ article: 'x', amount: -2 }],
      size: 'LARGE',
      at: '9007199254740993',
      note: [1],
    })
  })

  test('writes what it reads, byte for byte, and answers in the output message', () => {
    const order = protobuf({ file, input: 'shop.Order' })
    assert.deepEqual(Buffer.from(order.encode(order.decode(ORDER))), ORDER)
    const sale = protobuf({ file, input: 'shop.Order', output: 'shop.Receipt' })
    assert.deepEqual(plain(protobuf({ file, input: 'shop.Receipt' }).decode(sale.encode({ id: 'r', total: 2.5 }))), { id: 'r', total: 2.5 })
  })

  test('refuses bytes that are none, and values that are none with the field', () => {
    const { decode, encode } = protobuf({ file, input: 'shop.Order' })
    assert.throws(() => decode(ORDER.subarray(0, 8)), /^Error: not a shop\.Order: /)
    assert.throws(() => encode({ size: 'HUGE' }), /^Error: not a shop\.Order: size: enum value expected/)
    assert.throws(() => encode({ at: 'now' }), /^Error: not a shop\.Order: at: integer\|Long expected/)
    assert.throws(() => encode('text'), /^Error: not a shop\.Order: object expected/)
    assert.throws(() => encode({ lines: [{ amount: 'many' }] }), /^Error: not a shop\.Order: lines\.amount: integer expected/)
  })

  test('says at the start where a file or a message is not there', () => {
    assert.throws(() => protobuf({ file: 'nowhere.proto', input: 'shop.Order' }), /^TypeError: protobuf file nowhere\.proto: /)
    assert.throws(() => protobuf({ file, input: 'shop.Cart' }), /^TypeError: protobuf file .* has no message shop\.Cart/)
  })
})

/** With bytes as lists. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value, (_key, each) => (each?.type === 'Buffer' ? each.data : each)))
