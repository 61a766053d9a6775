import { decodeFrame, encodeFrame, type FrameInit, FrameType } from '@causeway/protocol'
import { Packr } from 'msgpackr'
import protobuf from 'protobufjs'
import type { Codec } from '../peers/codec.ts'
import { ECHO_OPCODE, PAYLOAD_SIZE } from '../shapes.ts'

/** A request as its header and payload say it; what every codec here takes and gives back. */
export const FRAME_SAMPLE = {
  type: FrameType.REQUEST,
  flags: 0,
  codec: 0,
  opcode: ECHO_OPCODE,
  msgId: 4_711,
  seq: 4_700,
  payload: Buffer.alloc(PAYLOAD_SIZE, 'a'),
}

const frame: Codec = { encode: value => encodeFrame(value as FrameInit), decode: decodeFrame }
const msgpackr: Codec = new Packr({ useRecords: false })
const msgpackrRecords: Codec = new Packr({ structures: [] })

const { root } = protobuf.parse(`
  syntax = "proto3";
  message Frame {
    uint32 type = 1; uint32 flags = 2; uint32 codec = 3; uint32 opcode = 4; fixed32 msgId = 5; fixed32 seq = 6; bytes payload = 7;
  }
`)
const Frame = root.lookupType('Frame')
const protobufjs: Codec = { encode: value => Frame.encode(value).finish(), decode: bytes => Frame.decode(bytes) }

export const FRAME_CODECS = { frame, msgpackr, 'msgpackr records': msgpackrRecords, protobufjs } as const
