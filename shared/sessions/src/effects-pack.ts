import type { Effects, EmitWrite, SharedWrite, StateWrite } from './effects.ts'

const NOTHING = Buffer.of(0)

/**
 * Effects as the script takes them, big-endian (script-finish-effects.ts):
 * pushes u16, each u32+bytes; state u8 (0: none, 1: service u8+bytes, version u32, sets u16 of key u8+bytes, value u32+bytes, deletes u16 of key u8+bytes);
 * shared u8 (0: none, 1: service u8+bytes, reads u16 of key u8+bytes, version f64, sets and deletes as of state);
 * emits u16 (0: none, else service u8+bytes, principal u16+bytes, incarnation u8+bytes, ends f64, each bucket u8, source u8+bytes, record u32+bytes)
 */
export function packEffects({ pushes, state, shared, emits }: Effects): Buffer {
  return Buffer.concat([
    u16(pushes.length),
    ...pushes.flatMap(frame => [u32(frame.length), frame]),
    ...(state === undefined ? [NOTHING] : stateParts(state)),
    ...(shared === undefined ? [NOTHING] : sharedParts(shared)),
    ...(emits === undefined ? [u16(0)] : emitParts(emits)),
  ])
}

const stateParts = ({ service, version, sets, deletes }: StateWrite): Uint8Array[] => [
  Buffer.of(1),
  ...short(service),
  u32(version),
  ...changeParts(sets, deletes),
]

const sharedParts = ({ service, reads, sets, deletes }: SharedWrite): Uint8Array[] => [
  Buffer.of(1),
  ...short(service),
  u16(reads.length),
  ...reads.flatMap(([key, version]) => [...short(key), f64(version)]),
  ...changeParts(sets, deletes),
]

const changeParts = (sets: StateWrite['sets'], deletes: readonly string[]): Uint8Array[] => [
  u16(sets.length),
  ...sets.flatMap(([key, value]) => [...short(key), u32(value.length), value]),
  u16(deletes.length),
  ...deletes.flatMap(short),
]

const emitParts = ({ service, principal, incarnation, expiresAt, emits }: EmitWrite): Uint8Array[] => [
  u16(emits.length),
  ...short(service),
  ...long(principal),
  ...short(incarnation),
  f64(expiresAt),
  ...emits.flatMap(({ bucket, source, record }) => [Buffer.of(bucket), ...short(source), u32(record.length), record]),
]

function short(text: string): [Buffer, Buffer] {
  const bytes = Buffer.from(text)
  if (bytes.length > 0xff) throw new RangeError(`a text of ${bytes.length} bytes in a finish: expected at most 255`)
  return [Buffer.of(bytes.length), bytes]
}

function long(text: string): [Buffer, Buffer] {
  const bytes = Buffer.from(text)
  return [u16(bytes.length), bytes]
}

function u16(number: number): Buffer {
  const bytes = Buffer.allocUnsafe(2)
  bytes.writeUInt16BE(number)
  return bytes
}

function u32(number: number): Buffer {
  const bytes = Buffer.allocUnsafe(4)
  bytes.writeUInt32BE(number)
  return bytes
}

function f64(number: number): Buffer {
  const bytes = Buffer.allocUnsafe(8)
  bytes.writeDoubleBE(number)
  return bytes
}
