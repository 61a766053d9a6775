import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { copyFile, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import { CERTIFICATES, type CertificateFiles, until } from '@causeway/testing'
import { WebSocket } from 'ws'
import { Installation, type RunningGateway } from './installation.ts'
import { metric } from './metric.ts'
import { everywhere } from './places.ts'
import { RawSocket } from './raw-socket.ts'
import { CLOSE, frame, json, request, SYN, V2Client } from './v2-client.ts'

const CA = readFileSync(CERTIFICATES.ca)
const ANY_PORTS = { CAUSEWAY_TLS_PORT: '0', CAUSEWAY_HTTPS_PORT: '0' }
const FILES = { CAUSEWAY_TLS_CERT: CERTIFICATES.gateway.cert, CAUSEWAY_TLS_KEY: CERTIFICATES.gateway.key, ...ANY_PORTS }
/** Longest that a renewed file may stay unseen, ms: it is looked at every two seconds. */
const SEEN_MS = 15_000

const identityOf = (client: CertificateFiles): ConnectionOptions => ({ cert: readFileSync(client.cert), key: readFileSync(client.key) })

/** A socket whose handshake has ended. */
async function secured(gateway: RunningGateway, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({ port: Number(new URL(gateway.tls!).port), host: '127.0.0.1', ca: CA, ...options })
  await once(socket, 'secureConnect')
  return socket
}

/** Whom the gateway's certificate names to a new connection. */
async function shown(gateway: RunningGateway): Promise<unknown> {
  const socket = await secured(gateway)
  const { CN } = socket.getPeerCertificate().subject
  socket.destroy()
  return CN
}

everywhere('TLS', async (context, place) => {
  const folder = await mkdtemp(join(tmpdir(), 'causeway-tls-'))
  const files = { cert: join(folder, 'live.pem'), key: join(folder, 'live.key') }
  const put = async (from: CertificateFiles): Promise<void> => {
    await copyFile(from.cert, files.cert)
    await copyFile(from.key, files.key)
  }
  await put(CERTIFICATES.gateway)
  await using installation = await Installation.make(place, { CAUSEWAY_TLS_CERT: files.cert, CAUSEWAY_TLS_KEY: files.key, ...ANY_PORTS })
  const gateway = await installation.start()

  await context.test('version 2 on the TLS port: a handshake, requests, and an answer of a megabyte', async () => {
    using client = V2Client.over(await secured(gateway))
    assert.equal((await client.shakeHands()).principal, undefined)
    const large = 'x'.repeat(1 << 20)
    client.send(request(1, 'echo', 'hello'), request(2, 'echo', large))
    assert.equal((await client.answer(1)).payload.toString(), 'hello')
    assert.ok((await client.answer(2)).payload.equals(Buffer.from(large)))
  })

  await context.test('a session goes on from TCP to TLS', async () => {
    const { client, synAck } = await V2Client.open(gateway.port)
    client.send(request(1, 'echo', 'plain'))
    await client.answer(1)
    client.cut()
    using again = V2Client.over(await secured(gateway))
    const resumed = await again.shakeHands({ session: synAck.session, resumeToken: synAck.resumeToken, lastSeq: 1 })
    assert.deepEqual([resumed.resumed, resumed.recovered], [true, true])
    again.send(request(2, 'echo', 'secret'))
    assert.equal((await again.answer(2)).payload.toString(), 'secret')
  })

  await context.test('dialects are told apart by their first bytes there too', async () => {
    using device = RawSocket.over(await secured(gateway))
    device.write('4d43 01 01 00000002 6869')
    assert.equal(await device.hex(10), '4d430101000000026869')
  })

  await context.test('wss and https on the HTTPS port', async () => {
    const socket = new WebSocket(gateway.secureWebsocket!, 'causeway.json', { ca: CA })
    await once(socket, 'open')
    socket.send('{"type":"syn","client":{"name":"console","version":"1"}}')
    assert.equal(JSON.parse(String(((await once(socket, 'message')) as [Buffer])[0])).type, 'syn_ack')
    socket.terminate()
    assert.match(gateway.https!, /^https:\/\/127\.0\.0\.1:\d+$/)
  })

  await context.test('the ports are told on start, and when the certificate ends', async () => {
    assert.match(gateway.tls!, /^tls:\/\/127\.0\.0\.1:\d+$/)
    assert.equal(await metric(gateway, 'causeway_certificate_expires_seconds'), Date.UTC(2124, 0, 1) / 1_000)
  })

  await context.test('a renewed certificate is served on SIGHUP, and when its files change, and drops no connection', async () => {
    using client = V2Client.over(await secured(gateway))
    await client.shakeHands()
    let asked = 0
    const goesOn = async (): Promise<void> => {
      client.send(request(++asked, 'echo', 'on', { seq: asked - 1 }))
      assert.equal((await client.answer(asked)).payload.toString(), 'on')
    }
    assert.equal(await shown(gateway), 'gateway.test')
    await put(CERTIFICATES.gatewayRenewed)
    gateway.process.signal('SIGHUP')
    await until(async () => (await shown(gateway)) === 'gateway-renewed.test', { timeoutMs: 2_000, what: 'the renewed certificate' })
    await goesOn()
    await put(CERTIFICATES.gateway)
    await until(async () => (await shown(gateway)) === 'gateway.test', { timeoutMs: SEEN_MS, what: 'the changed file to be seen' })
    await goesOn()
    await copyFile(CERTIFICATES.ca, files.cert)
    gateway.process.signal('SIGHUP')
    await until(() => /CAUSEWAY_TLS_KEY is .* which is not the key of/.test(gateway.process.stderr), { timeoutMs: 2_000 })
    assert.equal(await shown(gateway), 'gateway.test')
    await goesOn()
    await put(CERTIFICATES.gateway)
  })
})

everywhere('TLS with CAUSEWAY_TLS_CA', async (context, place) => {
  await using installation = await Installation.make(place, { ...FILES, CAUSEWAY_TLS_CA: CERTIFICATES.ca })
  const gateway = await installation.start()

  await context.test("the certificate's subject is the principal, over TCP, WebSocket and in a resume", async () => {
    const client = V2Client.over(await secured(gateway, identityOf(CERTIFICATES.meter)))
    const { principal, session, resumeToken } = await client.shakeHands()
    assert.equal(principal, 'meter-7')
    client.send(request(1, 'echo', 'mine'))
    await client.answer(1)
    client.cut()
    const socket = new WebSocket(gateway.secureWebsocket!, 'causeway.json', {
      ca: CA,
      ...(identityOf(CERTIFICATES.namelessMeter) as object),
    })
    await once(socket, 'open')
    socket.send(JSON.stringify({ type: 'syn', session, resumeToken, client: { name: 'thief', version: '1' } }))
    assert.equal(((await once(socket, 'close')) as [number])[0], 4513)
    using again = V2Client.over(await secured(gateway, identityOf(CERTIFICATES.meter)))
    assert.equal((await again.shakeHands({ session, resumeToken, lastSeq: 1 })).resumed, true)
  })

  await context.test('nobody comes through without one that the CA signed, to neither port', async () => {
    for (const options of [{}, identityOf(CERTIFICATES.stranger)]) {
      const socket = connect({ port: Number(new URL(gateway.tls!).port), host: '127.0.0.1', ca: CA, ...options })
      using client = RawSocket.over(socket)
      client.write('4d43 01 00 00000000')
      assert.equal((await client.rest()).length, 0)
      const websocket = new WebSocket(gateway.secureWebsocket!, 'causeway.json', { ca: CA, ...(options as object) })
      await once(websocket, 'error')
    }
    assert.equal(await metric(gateway, 'causeway_connections_barred_total', 'reason="certificate"'), 4)
  })

  await context.test("a certificate's session is not resumed without it", async () => {
    using client = V2Client.over(await secured(gateway, identityOf(CERTIFICATES.meter)))
    const { session, resumeToken } = await client.shakeHands()
    using thief = await V2Client.connect(gateway.port)
    thief.send(frame(SYN, { codec: 1, payload: JSON.stringify({ session, resumeToken, client: { name: 'thief', version: '1' } }) }))
    assert.equal(json(await thief.take(CLOSE)).code, 'SESSION_UNKNOWN')
    client.send(request(1, 'echo', 'still mine'))
    assert.equal((await client.answer(1)).payload.toString(), 'still mine')
  })

  await context.test('the plain ports ask nobody: they are for a firewall to close', async () => {
    const { client, synAck } = await V2Client.open(gateway.port)
    using _ = client
    assert.equal(synAck.principal, undefined)
  })
})

test('certificates that are not there, or not of one piece, end the process with status 78 before anything listens', async () => {
  await using installation = await Installation.make({ kind: 'embedded' })
  const wrong: [Record<string, string>, RegExp][] = [
    [{ ...FILES, CAUSEWAY_TLS_CERT: '/nowhere/gateway.pem' }, /CAUSEWAY_TLS_CERT is "\/nowhere\/gateway\.pem": ENOENT/],
    [
      { ...FILES, CAUSEWAY_TLS_KEY: CERTIFICATES.meter.key },
      /CAUSEWAY_TLS_KEY is ".*meter\.key", which is not the key of ".*gateway\.pem"/,
    ],
    [{ ...FILES, CAUSEWAY_TLS_CA: CERTIFICATES.gateway.key }, /CAUSEWAY_TLS_CA is ".*gateway\.key": no certificate in it/],
    [
      { CAUSEWAY_LISTENERS: '[{"port":0,"dialect":"vmol","auth":{"mtls":true}}]' },
      /CAUSEWAY_LISTENERS\[0\] speaks TLS: expected its own tls/,
    ],
  ]
  const runs = wrong.map(([environment, says]) => ({
    says,
    process: installation.run(['gateway', '--tcp-port', '0', '--http-port', '0'], environment),
  }))
  for (const { says, process } of runs) {
    assert.deepEqual([(await process.ended).code, process.stdout], [78, ''])
    assert.match(process.stderr, says)
  }
})
