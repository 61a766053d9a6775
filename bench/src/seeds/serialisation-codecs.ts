import avro from 'avsc'
import protobuf from 'protobufjs'
import type { Codec } from '../peers/codec.ts'
import { CODECS } from '../peers/codecs.ts'
import type { ObjectName } from './serialisation-objects.ts'

export const CODEC_NAMES = ['JSON', 'MessagePack', 'MessagePack, records', 'Protobuf', 'Avro'] as const
export type CodecName = (typeof CODEC_NAMES)[number]

const { root } = protobuf.parse(`
  syntax = "proto3";
  message Address { string street = 1; string city = 2; string zip = 3; string country = 4; }
  message Line { string sku = 1; string name = 2; uint32 count = 3; double price = 4; }
  message Order {
    uint32 id = 1; string customer = 2; string email = 3; double placedAt = 4; string currency = 5; double amount = 6; bool paid = 7;
    string note = 8; Address address = 9; repeated Line lines = 10; repeated string tags = 11;
  }
`)
const Order = root.lookupType('Order')
const protobufOrder: Codec = { encode: value => Order.encode(value).finish(), decode: bytes => Order.decode(bytes) }

const record = (name: string, fields: Readonly<Record<string, avro.Schema>>): avro.Schema => ({
  ...{ name, type: 'record' },
  fields: Object.entries(fields).map(([field, type]) => ({ name: field, type })),
})
const listOf = (items: avro.Schema): avro.Schema => ({ type: 'array', items })
const text = { street: 'string', city: 'string', zip: 'string', country: 'string' }
const SCHEMAS: Readonly<Record<ObjectName, avro.Schema>> = {
  sample: record('Sample', {
    ...{ id: 'int', customer: 'string', amount: 'double', paid: 'boolean', note: 'string' },
    lines: listOf(record('SampleLine', { sku: 'string', count: 'int', price: 'double' })),
    tags: listOf('string'),
  }),
  order: record('Order', {
    ...{ id: 'int', customer: 'string', email: 'string', placedAt: 'long', currency: 'string', amount: 'double', paid: 'boolean' },
    ...{ note: 'string', address: record('Address', text) },
    lines: listOf(record('OrderLine', { sku: 'string', name: 'string', count: 'int', price: 'double' })),
    tags: listOf('string'),
  }),
}

/** The codec for one of the objects: with a schema where it goes by one. */
export function codecFor(name: CodecName, object: ObjectName): Codec {
  switch (name) {
    case 'JSON':
      return CODECS.json
    case 'MessagePack':
      return CODECS.msgpackr
    case 'MessagePack, records':
      return CODECS['msgpackr records']
    case 'Protobuf':
      return object === 'sample' ? CODECS.protobufjs : protobufOrder
    case 'Avro': {
      const type = avro.Type.forSchema(SCHEMAS[object])
      return { encode: value => type.toBuffer(value), decode: bytes => type.fromBuffer(bytes as Buffer) }
    }
  }
}
