import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ERRORS, type ErrorName, problem } from './errors.ts'
import type { Frame, FrameInit } from './frame.ts'
import { encodeFrame } from './frame.ts'
import { decodeClose, encodeClose } from './frame-close.ts'
import { decodeCredit, encodeCredit } from './frame-credit.ts'
import { FrameDecoder } from './frame-decoder.ts'
import { decodeError, encodeError } from './frame-error.ts'
import { decodeGoaway, encodeGoaway } from './frame-goaway.ts'
import { decodeSyn, encodeSyn } from './frame-syn.ts'
import { decodeSynAck, encodeSynAck } from './frame-syn-ack.ts'
import { Flag, FrameType } from './frame-type.ts'
import type { Metadata } from './metadata.ts'

const u32 = fc.nat(0xffffffff)
const ascii = fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 40 })
const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
/** Plain objects, as decoding makes them. */
const record = <T>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> =>
  fc.record(fields, { noNullPrototype: true }) as fc.Arbitrary<T>
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })

/** Without the keys that are undefined: they are not on the wire. */
const present = <T extends object>(fields: T): T =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T

const metadata: fc.Arbitrary<Metadata> = record({
  traceparent: optional(ascii),
  timeout: optional(u32),
  route: optional(text),
  idempotencyKey: optional(text),
  contentType: optional(text),
  channel: optional(text),
  tracestate: optional(ascii),
  retryAfter: optional(u32),
  channelOffset: optional(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
  answeredBy: optional(ascii),
}).map(present)

const frames: fc.Arbitrary<Required<FrameInit> | FrameInit> = fc.constantFrom(...Object.values(FrameType)).chain(type =>
  record({
    type: fc.constant(type),
    flags: fc.constantFrom(0, Flag.CHECKSUM, Flag.MORE, Flag.REDELIVERED, Flag.CHECKSUM | Flag.MORE | Flag.REDELIVERED),
    codec: fc.nat(255),
    opcode: fc.nat(0xffff),
    msgId: u32,
    seq: u32,
    metadata: optional(metadata),
    payload: fc.uint8Array({ maxLength: type === FrameType.PING || type === FrameType.PONG ? 125 : 600, size: 'max' }),
  }).map(present),
)

function decode(reads: readonly Uint8Array[]): Frame[] {
  const decoder = new FrameDecoder({ maxPayload: 1_024 })
  const read: Frame[] = []
  for (const chunk of reads) assert.equal(decoder.push(chunk, read), undefined)
  assert.equal(decoder.buffered, 0)
  return read
}

test('every frame is decoded as it was encoded: in one read, cut anywhere, a byte at a time', () => {
  fc.assert(
    fc.property(fc.array(frames, { minLength: 1, maxLength: 3 }), fc.array(fc.nat(3_000), { maxLength: 5 }), (sent, places) => {
      const bytes = Buffer.concat(sent.map(frame => encodeFrame(frame)))
      const ends = [...new Set(places.map(place => place % bytes.length))].sort((a, b) => a - b)
      const pieces = [...ends, bytes.length].map((end, index) => bytes.subarray(index === 0 ? 0 : ends[index - 1], end))
      for (const reads of [[bytes], pieces, Array.from(bytes, byte => Uint8Array.of(byte))]) {
        const read = decode(reads)
        assert.deepEqual(
          read.map(frame => ({ ...frame, payload: Buffer.from(frame.payload) })),
          sent.map(frame => ({
            ...{ metadata: undefined, ...frame },
            flags: (frame.flags ?? 0) | (frame.metadata === undefined ? 0 : Flag.META),
            payload: Buffer.from(frame.payload as Uint8Array),
          })),
        )
      }
    }),
    { numRuns: 400 },
  )
})

test('a frame that ends early is held, at every byte, and nothing is read of it', () => {
  fc.assert(
    fc.property(frames, frame => {
      const bytes = encodeFrame(frame)
      for (let size = 0; size < bytes.length; size++) {
        const decoder = new FrameDecoder({ maxPayload: 1_024 })
        const read: Frame[] = []
        assert.equal(decoder.push(bytes.subarray(0, size), read), undefined)
        assert.deepEqual([read.length, decoder.buffered], [0, size])
      }
    }),
    { numRuns: 50 },
  )
})

/** A control frame's body is read as it was written. */
function control<T>(
  name: string,
  values: fc.Arbitrary<T>,
  encode: (value: T) => Uint8Array,
  read: (payload: Uint8Array) => unknown,
  expected: (value: T) => unknown = value => value,
): void {
  test(`${name} is read as it was written`, () => {
    fc.assert(
      fc.property(values, value => {
        const [frame] = decode([encode(value)])
        assert.deepEqual(read(frame.payload), expected(value))
      }),
    )
  })
}

const token = fc.string({ unit: 'grapheme-ascii', maxLength: 30 })
const errorNames = fc.constantFrom(...(Object.keys(ERRORS) as ErrorName[]))
const problems = record({ name: errorNames, detail: optional(text), retryAfterMs: optional(u32), traceId: optional(token) }).map(
  ({ name, ...extra }) => present(problem(name, extra)),
)

control(
  'SYN',
  record({
    token: optional(token),
    session: optional(token),
    resumeToken: optional(token),
    attempt: optional(fc.maxSafeNat()),
    lastSeq: optional(u32),
    stored: optional(u32),
    waiting: optional(fc.array(fc.tuple(u32, fc.maxSafeNat()), { maxLength: 5 })),
    keepAliveMs: optional(u32),
    client: optional(record({ name: token, version: token })),
  }).map(present),
  encodeSyn,
  decodeSyn,
)
control(
  'SYN_ACK',
  record({
    session: token,
    resumeToken: token,
    epoch: u32,
    resumed: fc.boolean(),
    recovered: fc.boolean(),
    lastMsgId: u32,
    window: record({ messages: u32, bytes: u32 }),
    maxPayload: u32,
    keepAliveMs: u32,
    server: record({ id: token, version: token }),
    principal: optional(token),
  }).map(present),
  encodeSynAck,
  decodeSynAck,
)
control('CREDIT', record({ messages: u32, bytes: u32 }), encodeCredit, decodeCredit)
control('GOAWAY', record({ reason: token, reconnectAfterMs: u32, code: errorNames }), encodeGoaway, decodeGoaway)
control('ERROR', problems, value => encodeError(value, { msgId: 7 }), decodeError)
control('CLOSE', problems, encodeClose, decodeClose, value => ({ ...value, reason: value.detail ?? value.title }))
