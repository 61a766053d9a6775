import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32 as zlibCrc32 } from 'node:zlib'
import { crc32 } from './crc32.ts'
import type { Frame } from './frame.ts'
import {
  encodeFrame,
  frameFlags,
  frameLength,
  frameMsgId,
  frameSeq,
  frameType,
  patchMsgId,
  patchRedelivered,
  patchSeq,
  withChecksum,
} from './frame.ts'
import { decodeFrame } from './frame-decoder.ts'
import { Codec, Flag, FrameType, typeByName, typeName } from './frame-type.ts'
import type { Metadata } from './metadata.ts'
import { fromHex, readVectors, toHex } from './vectors.fixture.ts'

interface FrameVector {
  meaning: string
  hex: string
  frame: Omit<Frame, 'type' | 'payload' | 'metadata'> & {
    type: string
    payload: string
    metadata?: Omit<Metadata, 'channelOffset'> & { channelOffset?: string }
  }
}

/** The frame that a vector describes. */
function frameOf({ frame }: FrameVector): Frame {
  const metadata = frame.metadata && {
    ...frame.metadata,
    channelOffset: frame.metadata.channelOffset && BigInt(frame.metadata.channelOffset),
  }
  if (metadata !== undefined && metadata.channelOffset === undefined) delete metadata.channelOffset
  return {
    ...frame,
    type: typeByName(frame.type)!,
    metadata: metadata as Metadata | undefined,
    payload: fromHex(frame.payload),
  }
}

const vectors = readVectors<FrameVector>('frames')

for (const vector of vectors) {
  test(`decodes ${vector.meaning}`, () => {
    assert.deepEqual(decodeFrame(fromHex(vector.hex)), frameOf(vector))
  })

  // Entries are written in the order of their tags, and an unknown one is not kept: such bytes don't come back the same.
  const skipped = vector.meaning.includes('unknown tag')
  test(`encodes ${vector.meaning}`, { skip: skipped && 'its unknown tag is not kept' }, () => {
    assert.equal(toHex(encodeFrame(frameOf(vector))), vector.hex)
  })
}

test('every frame type has a vector', () => {
  const covered = new Set(vectors.map(vector => vector.frame.type))
  for (const type of Object.values(FrameType)) assert.ok(covered.has(typeName(type)!), typeName(type))
})

test('a text payload is written as UTF-8, whatever its length', () => {
  for (const text of ['', 'a', 'é', '😀', 'x'.repeat(47), `${'x'.repeat(47)}é`, 'x'.repeat(5_000)]) {
    const frame = decodeFrame(encodeFrame({ type: FrameType.REQUEST, payload: text }))
    assert.equal(new TextDecoder().decode(frame.payload), text)
  }
})

test('a Node Buffer is a payload like any other', () => {
  const frame = decodeFrame(Buffer.from(encodeFrame({ type: FrameType.REQUEST, payload: Buffer.from('hi') })))
  assert.equal(Buffer.from(frame.payload).toString(), 'hi')
})

test('numbers of 32 bits go through whole', () => {
  const frame = decodeFrame(encodeFrame({ type: FrameType.RESPONSE, opcode: 0xffff, msgId: 0xffffffff, seq: 0x80000001 }))
  assert.deepEqual([frame.opcode, frame.msgId, frame.seq], [0xffff, 0xffffffff, 0x80000001])
})

test('frames that share a slab do not overwrite each other', () => {
  const frames: Uint8Array[] = []
  for (let msgId = 1; msgId <= 2_000; msgId++) frames.push(encodeFrame({ type: FrameType.NOTIFY, msgId, payload: 'x'.repeat(msgId % 97) }))
  for (const [index, bytes] of frames.entries()) {
    const frame = decodeFrame(bytes)
    assert.deepEqual([frame.msgId, frame.payload.length], [index + 1, (index + 1) % 97])
  }
})

test('msgId, seq and REDELIVERED are patched in place, and the header is read without decoding', () => {
  const bytes = encodeFrame({ type: FrameType.RESPONSE, codec: Codec.JSON, flags: Flag.MORE, payload: 'true' })
  patchMsgId(bytes, 7)
  patchSeq(bytes, 0x01020304)
  patchRedelivered(bytes)
  assert.equal(frameType(bytes), FrameType.RESPONSE)
  assert.equal(frameFlags(bytes), Flag.MORE | Flag.REDELIVERED)
  assert.equal(frameMsgId(bytes), 7)
  assert.equal(frameSeq(bytes), 0x01020304)
  assert.equal(frameLength(bytes), bytes.length)
  assert.equal(decodeFrame(bytes).seq, 0x01020304)
})

test('a checksum made late is the one made at once, and is made anew after a patch', () => {
  const init = { type: FrameType.RESPONSE, msgId: 7, seq: 3, payload: 'hello' }
  const late = withChecksum(encodeFrame(init))
  assert.deepEqual(late, encodeFrame(init, { checksum: true }))
  patchSeq(late, 4)
  assert.throws(() => decodeFrame(late), { code: 'BAD_CHECKSUM', msgId: 7 })
  assert.equal(decodeFrame(withChecksum(late)).seq, 4)
})

test('our CRC-32 is that of zlib, for every length and seed', () => {
  const bytes = Uint8Array.from({ length: 100 }, (_, index) => (index * 31 + 7) & 0xff)
  for (let size = 0; size <= bytes.length; size++) {
    const part = bytes.subarray(0, size)
    assert.equal(crc32(part), zlibCrc32(part), `length ${size}`)
    assert.equal(crc32(part, 0xdeadbeef), zlibCrc32(part, 0xdeadbeef), `length ${size} with seed`)
  }
  assert.equal(crc32(bytes.subarray(40), crc32(bytes.subarray(0, 40))), zlibCrc32(bytes))
})

test('metadata beyond its bounds is refused by the encoder, by name', () => {
  const encode = (metadata: Metadata) => () => encodeFrame({ type: FrameType.REQUEST, metadata })
  assert.throws(encode({ route: 'x'.repeat(65_533) }), /metadata has 65536 bytes, expected at most 65535/)
  assert.throws(encode({ timeout: -1 }), /metadata timeout is -1/)
  assert.throws(encode({ timeout: 1.5 }), /metadata timeout is 1.5/)
  assert.throws(encode({ timeout: Number.NaN }), /metadata timeout is NaN/)
  assert.throws(encode({ timeout: '10s' as never }), /metadata timeout is 10s/)
  assert.throws(encode({ retryAfter: 2 ** 32 }), /metadata retryAfter is 4294967296/)
  assert.throws(encode({ channelOffset: 1n << 64n }), /metadata channelOffset/)
  assert.doesNotThrow(encode({ route: 'x'.repeat(65_532) }))
})
