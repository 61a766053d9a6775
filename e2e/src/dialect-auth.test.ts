import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type ConnectionOptions, connect } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { CERTIFICATES, type CertificateFiles } from '@causeway/testing'
import { Installation, type RunningGateway } from './installation.ts'
import { metric } from './metric.ts'
import { everywhere } from './places.ts'
import { RawSocket } from './raw-socket.ts'

const WHO = fileURLToPath(new URL('./who.fixture.ts', import.meta.url))

/** One listener of each way to authenticate, in this order. */
const LISTENERS = [
  'listeners:',
  '  - { port: 0, dialect: vmol, auth: none }',
  '  - { port: 0, dialect: vmol, auth: { allow: [127.0.0.0/8, "::1"] } }',
  '  - { port: 0, dialect: vmol, auth: { allow: [10.0.0.0/8] } }',
  '  - { port: 0, dialect: vmol, auth: { firstFrame: { text: "gate, open!" }, principal: meters } }',
  '  - { port: 0, dialect: lines, route: who, auth: { firstFrame: { base64: AAECAwQ= } } }',
  `  - { port: 0, dialect: vmol, auth: { mtls: true }, tls: { cert: ${CERTIFICATES.gateway.cert}, key: ${CERTIFICATES.gateway.key}, ca: ${CERTIFICATES.ca} } }`,
  `  - { port: 0, dialect: modbus-tcp, auth: { firstFrame: { text: "gate, open!" } } }`,
].join('\n')

/** Opcode 1 of vmol with msgId 9 and no payload, and its answer. */
const ASK = '01 00000009 0001 00000000'
const vmolAnswer = (payload: string): string =>
  `01000000090001${payload.length.toString(16).padStart(8, '0')}${Buffer.from(payload).toString('hex')}`

const portOf = (gateway: RunningGateway, listener: number): number => Number(new URL(gateway.listeners[listener].address).port)

function securely(port: number, client?: CertificateFiles, options: ConnectionOptions = {}): RawSocket {
  const own = client && { cert: readFileSync(client.cert), key: readFileSync(client.key) }
  return RawSocket.over(connect({ port, host: '127.0.0.1', ca: readFileSync(CERTIFICATES.ca), ...own, ...options }))
}

everywhere("a dialect's listener", async (context, place) => {
  await using installation = await Installation.make(place, { CAUSEWAY_HANDSHAKE_TIMEOUT: '1s' })
  await writeFile(join(installation.folder, 'causeway.yaml'), LISTENERS)
  const gateway = await installation.serve(['start', WHO, '--config', 'causeway.yaml'], installation.folder)

  const asks = async (device: RawSocket, principal: string): Promise<void> => {
    using _ = device
    device.write(ASK)
    const expected = vmolAnswer(principal)
    assert.equal(await device.hex(expected.length / 2), expected)
  }

  await context.test('auth none: a handler is told of nobody, and the log says it aloud', async () => {
    await asks(await RawSocket.connect(portOf(gateway, 0)), '')
    assert.match(gateway.process.stderr, /auth: none, whoever reaches it may send/)
  })

  await context.test('allow: the principal is the address; another address is closed, counted and logged', async () => {
    await asks(await RawSocket.connect(portOf(gateway, 1)), '127.0.0.1')
    for (let attempts = 0; attempts < 3; attempts++) {
      using stranger = await RawSocket.connect(portOf(gateway, 2))
      assert.equal((await stranger.rest()).length, 0)
    }
    assert.equal(await metric(gateway, 'causeway_connections_barred_total', 'reason="address"'), 3)
    assert.equal(gateway.process.stderr.split('an address that is not allowed').length - 1, 1)
  })

  await context.test('first frame: nothing answers the right one, frames follow, the principal is the configured one', async () => {
    using device = await RawSocket.connect(portOf(gateway, 3))
    device.socket.write('gate, open!')
    await asks(device, 'meters')
  })

  await context.test('first frame of bytes, in one write with a line behind it: the principal is the dialect and the port', async () => {
    using device = await RawSocket.connect(portOf(gateway, 4))
    device.write(`0001020304${Buffer.from('who?\n').toString('hex')}`)
    const expected = `lines:${portOf(gateway, 4)}\n`
    assert.equal((await device.take(expected.length)).toString(), expected)
  })

  await context.test("a wrong first frame and one that is late end in the dialect's form of UNAUTHENTICATED", async () => {
    for (const [said, why] of [
      ['gate, shut! and more', /not those of this listener/],
      ['gate,', /no first frame within 1000 ms/],
    ] as const) {
      using device = await RawSocket.connect(portOf(gateway, 3))
      device.socket.write(said)
      const told = await device.rest()
      assert.equal(told.subarray(0, 7).toString('hex'), '0100000000ffff')
      const refusal = JSON.parse(told.subarray(11).toString()) as { code: string; number: number; detail: string }
      assert.deepEqual([refusal.code, refusal.number], ['UNAUTHENTICATED', 4510])
      assert.match(refusal.detail, why)
    }
    // a dialect that has no form for it says nothing
    using modbus = await RawSocket.connect(portOf(gateway, 6))
    modbus.write('0001 0000 0006 01 03 0000 000a')
    assert.equal((await modbus.rest()).length, 0)
  })

  await context.test('mTLS: the principal is whom the certificate names; nobody comes through without one of the CA', async () => {
    const port = portOf(gateway, 5)
    assert.match(gateway.listeners[5].address, /^tls:/)
    await asks(securely(port, CERTIFICATES.meter), 'meter-7')
    await asks(securely(port, CERTIFICATES.namelessMeter), 'spiffe://causeway.test/meter/8')
    for (const device of [securely(port), securely(port, CERTIFICATES.stranger), await RawSocket.connect(port)]) {
      using _ = device
      device.write(ASK)
      assert.doesNotMatch((await device.rest()).toString('latin1'), /meter-7/)
    }
    assert.equal(await metric(gateway, 'causeway_connections_barred_total', 'reason="certificate"'), 2)
    assert.match(gateway.process.stderr, /it showed none/)
  })

  await context.test('no secret is in the log', () => assert.doesNotMatch(gateway.process.stderr, /gate, open/))
})

everywhere('addresses of the shared ports', async (context, place) => {
  await using installation = await Installation.make(place, { CAUSEWAY_ALLOW: '10.0.0.0/8,::1' })
  const gateway = await installation.start()

  await context.test('TCP and HTTP are closed to an address that CAUSEWAY_ALLOW does not name, loopback or not', async () => {
    using device = await RawSocket.connect(gateway.port)
    device.write('4d43 01 00 00000000')
    assert.equal((await device.rest()).length, 0)
    await assert.rejects(fetch(`${gateway.http}/readyz`))
    assert.ok((await metric(gateway, 'causeway_connections_barred_total', 'reason="address"')) >= 2)
  })
})
