import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { until } from '@causeway/testing'
import { Installation, type RunningGateway } from './installation.ts'
import { JsonClient } from './json-client.ts'
import { memoryOf, metric } from './metric.ts'
import { everywhere } from './places.ts'
import { drained } from './raw-socket.ts'
import { ACK, ERROR, frame, json, NOTIFY, PING, PUSH, REQUEST, request, SYN, V2Client } from './v2-client.ts'

const SYN_FRAME = frame(SYN, { codec: 1, payload: '{"client":{"name":"hostile","version":"0"}}' })
const HANDSHAKE_MS = 1_000
/** Connections of one stampede: below what a process may open, above any backlog. */
const STAMPEDE = 1_000
const DEPTH = 400_000
/** Deadline of a push that can reach nobody, so that its retries are not waited for, ms. */
const STRAY_MS = 500
/** What a flood of tens of megabytes may cost a process that holds 1 MiB of it, bytes. */
const FLOOD_GROWTH = 100 << 20

everywhere('hostile clients', async (context, place) => {
  await using installation = await Installation.make(place, { CAUSEWAY_HANDSHAKE_TIMEOUT: String(HANDSHAKE_MS) })
  const gateway = await installation.start()

  const standsFirm = async (): Promise<void> => {
    using client = (await V2Client.open(gateway.port)).client
    client.send(request(1, 'echo', 'alive'))
    assert.equal((await client.answer(1)).payload.toString(), 'alive')
    client.cut()
    await until(async () => (await metric(gateway, 'causeway_connections')) === 0, { timeoutMs: 10_000, what: 'no connection left over' })
  }

  await context.test('JSON nested too deep for any stack', async () => {
    const deep = `${'['.repeat(DEPTH)}${']'.repeat(DEPTH)}`
    using client = (await JsonClient.open(gateway.websocket)).client
    client.socket.send(`{"type":"request","id":1,"op":"echo","payload":${deep}}`)
    assert.equal(await client.closeCode, 4500)
    using other = await JsonClient.connect(gateway.websocket)
    other.socket.send(`{"type":"syn","deep":${deep}}`)
    assert.equal(await other.closeCode, 4500)
    await standsFirm()
  })

  await context.test('pushes to a session id of 300 characters, by a message and by POST, among those of others', async () => {
    const id = 's'.repeat(300)
    using stray = (await V2Client.open(gateway.port)).client
    const { client, synAck } = await V2Client.open(gateway.port)
    using _ = client
    const pushed = { session: synAck.session, payload: 'mine' }
    for (let msgId = 1; msgId <= 2; msgId++) {
      stray.send(request(msgId, 'demo.push', { session: id, payload: id }, { metadata: { 2: STRAY_MS } }))
      client.send(request(msgId, 'demo.push', pushed))
    }
    for (let msgId = 1; msgId <= 2; msgId++) {
      assert.equal(json<unknown>(await client.take(PUSH)), 'mine')
      assert.deepEqual(json(await client.answer(msgId)), { pushed: true })
      assert.equal((await stray.answer(msgId)).type, ERROR)
    }
    const posted = await fetch(`${gateway.http}/v1/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ session: id, payload: 1 }),
    })
    assert.deepEqual([posted.status, ((await posted.json()) as { code: string }).code], [404, 'SESSION_UNKNOWN'])
    client.cut()
    stray.cut()
    await standsFirm()
  })

  await context.test('random bytes, and valid frames with random bytes in them', async () => {
    const seed = Number(process.env.CAUSEWAY_TEST_SEED ?? Date.now() % 2 ** 31)
    context.diagnostic(`CAUSEWAY_TEST_SEED=${seed}`)
    const random = generator(seed)
    const prefixes = ['', '4d4302', '4d4301', 'abcd01', '50494e47', SYN_FRAME.toString('hex')].map(hex => Buffer.from(hex, 'hex'))
    const valid = Buffer.concat([
      SYN_FRAME,
      frame(ACK),
      request(1, 'echo', 'x', { checksum: true }),
      frame(NOTIFY, { msgId: 2, opcode: 16 }),
    ])
    const sockets: Socket[] = []
    for (let i = 0; i < 400; i++) {
      const noise = Buffer.from(Array.from({ length: random(2_000) }, () => random(256)))
      const bent = Buffer.from(valid)
      for (let changes = 1 + random(4); changes > 0; changes--) bent[random(bent.length)] = random(256)
      sockets.push(throwAway(gateway.port, i % 2 === 0 ? Buffer.concat([prefixes[random(prefixes.length)], noise]) : bent))
    }
    await until(async () => (await metric(gateway, 'causeway_frames_received_total')) > 0)
    await sleep(HANDSHAKE_MS / 2)
    for (const socket of sockets) socket.destroy()
    await standsFirm()
  })

  await context.test(`${STAMPEDE} connections at once, cut or reset in every stage of their life`, async () => {
    const stages = [[], [SYN_FRAME.subarray(0, 25)], [SYN_FRAME], [SYN_FRAME, frame(ACK), request(1, 'demo.slow', { ms: 50 })]]
    const opened = (): Promise<number> => metric(gateway, 'causeway_connections_opened_total')
    const before = await opened()
    const sockets = Array.from({ length: STAMPEDE }, (_, index) => throwAway(gateway.port, Buffer.concat(stages[index % stages.length])))
    await until(async () => (await opened()) >= before + STAMPEDE / 2, { timeoutMs: 20_000, what: 'the half with a whole SYN to be taken' })
    sockets.forEach((socket, index) => void (index % 3 === 0 ? socket.destroy() : socket.resetAndDestroy()))
    await standsFirm()
  })

  await context.test('peers that never close their side are let go', async () => {
    const before = await metric(gateway, 'process_open_fds')
    const silent = ['', '4d', SYN_FRAME.toString('hex'), '5858'].map(hex => throwAway(gateway.port, Buffer.from(hex, 'hex'), true))
    await sleep(HANDSHAKE_MS)
    await standsFirm()
    if (!Number.isNaN(before))
      await until(async () => (await metric(gateway, 'process_open_fds')) <= before + 1, { what: 'their sockets closed' })
    for (const socket of silent) socket.destroy()
  })

  for (const [name, bytes] of [
    ['PING', frame(PING, { payload: 'x'.repeat(125) })],
    ['requests to nowhere', undefined],
  ] as const) {
    await context.test(`a flood of ${name} by a client that reads nothing costs no memory and ends its connection`, async () => {
      const before = await memoryOf(gateway)
      await flood(gateway, bytes)
      const after = await memoryOf(gateway)
      assert.ok(!(after - before > FLOOD_GROWTH), `memory grew by ${after - before} bytes`)
      await standsFirm()
    })
  }
})

/** Writes until the gateway has ended the connection; gives up, and fails, after more bytes than any buffer between the two holds. */
async function flood(gateway: RunningGateway, bytes: Buffer | undefined): Promise<void> {
  const { client } = await V2Client.open(gateway.port)
  const { socket } = client
  socket.pause()
  let ended = false
  socket.on('close', () => {
    ended = true
  })
  for (let msgId = 0, sent = 0; !ended; ) {
    assert.ok(sent < 200 << 20, '200 MB went through')
    const frames = Array.from({ length: 2_000 }, () => bytes ?? frame(REQUEST, { msgId: ++msgId, opcode: 0xeeee }))
    const chunk = Buffer.concat(frames)
    sent += chunk.length
    if (!socket.write(chunk)) await Promise.race([drained(socket), client.closed])
  }
}

/** A socket that nobody looks after. */
function throwAway(port: number, bytes: Buffer, allowHalfOpen = false): Socket {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen })
  socket.on('error', () => {})
  socket.resume()
  socket.write(bytes)
  return socket
}

/** A small generator (mulberry32), so that a seed repeats a run: whole numbers from 0 to below its argument. */
function generator(seed: number): (below: number) => number {
  let state = seed
  return below => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}
