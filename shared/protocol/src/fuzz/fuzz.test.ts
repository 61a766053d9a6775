import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileDialect } from '../dialect/compile.ts'
import { readDialectTable } from '../dialect/read-table.ts'
import { fuzz } from './fuzz.ts'
import { heldForEachByte } from './held.ts'
import { type Connection, dialectTarget, type Target, targets } from './target.ts'

/** Inputs of a test run; by hand millions (`npm run fuzz`). */
const INPUTS = 2_000
const SEED = 20_251_121
/** Bytes of a frame that are fed, where it has so many. */
const MEASURED = 5_000
/** Bytes of heap a decoder may hold for each byte received. */
const MOST_HELD = 4

/** A table as a user may write it: a delimiter with an escape, and a checksum. */
const OWN = compileDialect(
  readDialectTable('own', {
    headerSize: 3,
    fields: [
      { name: 'cmd', offset: 0, type: 'u8' },
      { name: 'id', offset: 1, type: 'u16', little: true },
    ],
    framing: { by: 'delimiter', delimiter: 0x7e, escape: 0x7d, ignore: 0x0d },
    checksum: { algorithm: 'crc16-modbus', little: true, onMismatch: 'refuse' },
    operation: 'cmd',
    correlation: 'id',
    heartbeat: 0,
  }),
)

for (const target of [...targets().values(), dialectTarget(OWN)]) {
  test(`${target.name}: hostile bytes break no rule, and every kind of outcome is reached`, () => {
    const { messages, errors } = fuzz(target, INPUTS, SEED)
    assert.ok(messages > INPUTS / 10, `${messages} messages were read`)
    assert.ok(Object.keys(errors).length > 0, 'no connection was ended')
  })

  test(`${target.name}: a decoder holds no more than ${MOST_HELD} bytes of heap for each byte received`, () => {
    const held = heldForEachByte(target, MEASURED)
    assert.ok(held > 0 && held <= MOST_HELD, `${held.toFixed(2)} bytes are held`)
  })
}

const mc1 = targets().get('mc1')!

/** The target, with something wrong in its connections. */
const broken = (wrong: (connection: Connection, chunk: Uint8Array) => ReturnType<Connection['push']>): Target => ({
  ...mc1,
  open() {
    const connection = mc1.open()
    return {
      push: chunk => wrong(connection, chunk),
      get buffered() {
        return connection.buffered
      },
      waiting: false,
    }
  },
})

test('a decoder that throws, or reads by the cut of its reads, is found, and its input and seed are told', () => {
  const throws = broken((connection, chunk) => {
    if (chunk.length > 20) throw new Error('it broke')
    return connection.push(chunk)
  })
  assert.throws(() => fuzz(throws, 100, 1), /mc1: input \d+ of seed 1, [0-9a-f]+: it broke/)
  const cuts = broken((connection, chunk) => (chunk.length === 1 ? { read: ['one'], error: undefined } : connection.push(chunk)))
  assert.throws(() => fuzz(cuts, 100, 1), /(in one read|at once) it is/)
})

test('a decoder that hoards is found', () => {
  const hoard: unknown[] = []
  const hoards = broken((connection, chunk) => {
    hoard.push(new Uint8Array(100))
    return connection.push(chunk)
  })
  assert.ok(heldForEachByte(hoards, 500) > MOST_HELD)
})
