import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { Installation } from './installation.ts'
import { everywhere } from './places.ts'
import { RawSocket } from './raw-socket.ts'

/** The example of the page: start, length (behind it, checksum included), kind, serial; CRC-16 from the length on. Here on any free port, with a route of its own for kind 9. */
const TRACKER = exampleOf(readFileSync(new URL('../../docs/dialects/README.md', import.meta.url), 'utf8'))
  .replace('port: 7420', 'port: 0')
  .replace('10.20.0.0/16', '127.0.0.1')
  .replace('routes: { 1: telemetry.report }', 'routes: { 9: echo }')

/** The indented block that begins with `dialects:`. */
function exampleOf(page: string): string {
  const lines = page.split('\n')
  const from = lines.indexOf('    dialects:')
  return lines
    .slice(from, lines.indexOf('', from))
    .map(line => line.slice(4))
    .join('\n')
}

/** A frame of the tracker; checksums are computed here, and not by the code that is tested. */
function frame(kind: number, serial: number, payload: string): string {
  const bytes = Buffer.concat([Buffer.from([payload.length + 5, kind, serial >> 8, serial & 0xff]), Buffer.from(payload)])
  let crc = 0xffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >> 1) ^ 0xa001 : crc >> 1
  }
  return `7878${bytes.toString('hex')}${crc.toString(16).padStart(4, '0')}`
}

everywhere('a dialect of the configuration', async (context, place) => {
  await using installation = await Installation.make(place)
  const file = join(installation.folder, 'causeway.yaml')
  await writeFile(file, TRACKER)
  const gateway = await installation.start({ CAUSEWAY_CONFIG: file })
  const port = Number(new URL(gateway.listeners[0].address).port)

  await context.test('answers in its own form: by opcode, by the routes of its listener, heartbeats and failures', async () => {
    using device = await RawSocket.connect(port)
    for (const question of [frame(1, 7, 'hi'), frame(9, 8, 'there'), frame(0x13, 9, 'beat')]) {
      device.write(question)
      assert.equal(await device.hex(question.length / 2), question)
    }
    device.write(frame(0xee, 10, 'nobody'))
    const head = await device.hex(6)
    assert.deepEqual([head.slice(0, 4), head.slice(6)], ['7878', 'ff000a'])
  })

  await context.test('ends a connection at a wrong checksum, and tells so', async () => {
    using device = await RawSocket.connect(port)
    device.write(`${frame(1, 7, 'hi').slice(0, -2)}00`)
    assert.match((await device.rest()).toString('latin1'), /BAD_CHECKSUM/)
  })
})

test('a wrong table ends the process before anything listens, and names the field', async () => {
  await using installation = await Installation.make({ kind: 'embedded' })
  const file = join(installation.folder, 'causeway.yaml')
  await writeFile(file, TRACKER.replace('type: u8 }', 'type: u24 }'))
  const started = installation.run(['gateway', '--tcp-port', '0'], { CAUSEWAY_CONFIG: file })
  assert.equal((await started.ended).code, 78)
  assert.match(started.stderr, /dialects.*dialect tracker: fields\[1\]\.type is "u24", expected one of u8, u16, u32, i32/)
})
