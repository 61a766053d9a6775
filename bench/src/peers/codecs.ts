import { Packr } from 'msgpackr'
import protobuf from 'protobufjs'
import type { Codec } from './codec.ts'

const json: Codec = {
  encode: value => Buffer.from(JSON.stringify(value)),
  decode: bytes => JSON.parse((bytes as Buffer).toString()),
}

/** Standard MessagePack, which any reader understands. */
const msgpackr: Codec = new Packr({ useRecords: false })

/** msgpackr's extension: an object's keys are written once and shared by both sides. */
const msgpackrRecords: Codec = new Packr({ structures: [] })

const { root } = protobuf.parse(`
  syntax = "proto3";
  message Line { string sku = 1; uint32 count = 2; double price = 3; }
  message Order {
    uint32 id = 1; string customer = 2; double amount = 3; bool paid = 4; string note = 5; repeated Line lines = 6; repeated string tags = 7;
  }
`)
const Order = root.lookupType('Order')
const protobufjs: Codec = { encode: value => Order.encode(value).finish(), decode: bytes => Order.decode(bytes) }

export const CODECS = { json, msgpackr, 'msgpackr records': msgpackrRecords, protobufjs } as const
export type CodecName = keyof typeof CODECS
