import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ProtocolError } from './errors.ts'
import type { Frame } from './frame.ts'
import { encodeFrame } from './frame.ts'
import type { FrameDecoderOptions } from './frame-decoder.ts'
import { FrameDecoder } from './frame-decoder.ts'
import { FrameType } from './frame-type.ts'
import { fromHex, readVectors, splits } from './vectors.fixture.ts'

interface Malformed {
  meaning: string
  hex: string
  code: string
  msgId: number
  options?: FrameDecoderOptions
}

const valid = readVectors<{ meaning: string; hex: string }>('frames')

function decodeAll(
  reads: Iterable<Uint8Array>,
  options?: FrameDecoderOptions,
): { frames: Frame[]; error?: ProtocolError; buffered: number } {
  const decoder = new FrameDecoder(options)
  const frames: Frame[] = []
  for (const read of reads) {
    const error = decoder.push(read, frames)
    if (error !== undefined) return { frames, error, buffered: decoder.buffered }
  }
  return { frames, buffered: decoder.buffered }
}

for (const { meaning, hex } of valid) {
  test(`reads the same frame however it is split: ${meaning}`, () => {
    const bytes = fromHex(hex)
    const { frames: whole } = decodeAll([bytes])
    assert.equal(whole.length, 1)
    for (const reads of splits(bytes)) assert.deepEqual(decodeAll(reads), { frames: whole, buffered: 0 })
  })

  test(`gives nothing for a frame cut at any offset: ${meaning}`, () => {
    const bytes = fromHex(hex)
    for (let size = 0; size < bytes.length; size++) {
      assert.deepEqual(decodeAll([bytes.subarray(0, size)]), { frames: [], buffered: size })
    }
  })
}

test('reads all frames of one read, and of reads of every size', () => {
  const stream = fromHex(valid.map(vector => vector.hex).join(''))
  const { frames } = decodeAll([stream])
  assert.equal(frames.length, valid.length)
  for (let size = 1; size <= 200; size++) {
    const reads: Uint8Array[] = []
    for (let at = 0; at < stream.length; at += size) reads.push(stream.subarray(at, at + size))
    assert.deepEqual(decodeAll(reads), { frames, buffered: 0 }, `reads of ${size} bytes`)
  }
})

test('a payload that came in one read is a view of that read, not a copy', () => {
  const bytes = encodeFrame({ type: FrameType.REQUEST, payload: 'x'.repeat(2_000) })
  const { frames } = decodeAll([bytes])
  assert.equal(frames[0].payload.buffer, bytes.buffer)
})

for (const { meaning, hex, code, msgId, options } of readVectors<Malformed>('malformed')) {
  test(`refuses ${meaning} with ${code}`, () => {
    const good = encodeFrame({ type: FrameType.REQUEST, msgId: 4, payload: 'ok' }, { checksum: true })
    for (const reads of splits(fromHex(hex))) {
      const { frames, error, buffered } = decodeAll([good, ...reads], options)
      assert.equal(error?.code, code)
      assert.equal(error?.msgId, msgId)
      assert.ok(error?.detail.length)
      assert.equal(buffered, 0)
      assert.deepEqual(
        frames.map(frame => frame.msgId),
        [4],
        'the frame before it is still given',
      )
    }
  })
}

test('nothing is decoded after an error: the same error comes back', () => {
  const decoder = new FrameDecoder()
  const frames: Frame[] = []
  const error = decoder.push(new Uint8Array(20), frames)
  assert.equal(error?.code, 'BAD_FRAME')
  assert.equal(decoder.push(fromHex(valid[0].hex), frames), error)
  assert.equal(frames.length, 0)
})

test('a payload of exactly maxPayload is taken, metadata and checksum beside it', () => {
  const payload = new Uint8Array(16)
  const bytes = encodeFrame({ type: FrameType.REQUEST, metadata: { route: 'r'.repeat(500) }, payload }, { checksum: true })
  const { frames } = decodeAll([bytes], { maxPayload: 16 })
  assert.equal(frames[0].payload.length, 16)
})

test('a length above maxPayload is refused by the last byte of the header', () => {
  const header = encodeFrame({ type: FrameType.REQUEST, payload: new Uint8Array(17) }).subarray(0, 20)
  const decoder = new FrameDecoder({ maxPayload: 16 })
  assert.equal(decoder.push(header.subarray(0, 19), []), undefined)
  assert.equal(decoder.push(header.subarray(19), [])?.code, 'TOO_LARGE')
})

test('a header that claims a megabyte makes the decoder hold no more than what came', () => {
  const header = encodeFrame({ type: FrameType.REQUEST, payload: new Uint8Array(1 << 20) }).subarray(0, 21)
  const before = process.memoryUsage().arrayBuffers
  const decoders = Array.from({ length: 500 }, () => {
    const decoder = new FrameDecoder()
    decoder.push(header, [])
    return decoder
  })
  const held = process.memoryUsage().arrayBuffers - before
  assert.ok(decoders.every(decoder => decoder.buffered === 21))
  assert.ok(held < 500 * 8_192, `${held} bytes for 500 connections`)
})

test('a megabyte that comes a byte at a time costs time in proportion', () => {
  const bytes = encodeFrame({ type: FrameType.REQUEST, payload: new Uint8Array(1 << 20).fill(7) })
  const decoder = new FrameDecoder()
  const frames: Frame[] = []
  const started = performance.now()
  for (let at = 0; at < bytes.length; at++) decoder.push(bytes.subarray(at, at + 1), frames)
  assert.equal(frames.length, 1)
  assert.deepEqual(frames[0].payload, bytes.subarray(20))
  // Joining at each byte would copy half a terabyte; this takes a fraction of a second.
  assert.ok(performance.now() - started < 10_000)
})
