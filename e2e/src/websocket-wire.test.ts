/** Section 7 of the protocol's page and RFC 6455, point by point, by the bytes; what messages mean is in websocket.test.ts. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { until } from '@causeway/testing'
import { WebSocket } from 'ws'
import { Installation, type RunningGateway } from './installation.ts'
import { JsonClient } from './json-client.ts'
import { metric } from './metric.ts'
import { BINARY, CONTINUATION, PING, PONG, CLOSE as RAW_CLOSE, type RawFrameParts, RawWebSocket, rawFrame, TEXT } from './raw-websocket.ts'
import { SECRET, seconds, signedToken } from './token.ts'
import { ACK, CLOSE, frame, request, SYN, SYN_ACK } from './v2-client.ts'

const SYN_FRAME = frame(SYN, { codec: 1, payload: '{"client":{"name":"raw","version":"1"}}' })
const SYN_TEXT = '{"type":"syn","client":{"name":"raw","version":"1"}}'
const MAX_PAYLOAD = 65_536
/** What a message may have beyond the largest payload in base64. */
const ALLOWANCE = 1 << 20
const HANDSHAKE_MS = 1_000
/** What megabytes that are announced and not sent may cost, bytes. */
const SMALL_GROWTH = 30 << 20

const V2 = { 'Sec-WebSocket-Protocol': 'causeway.v2' }
const JSON_TEXT = { 'Sec-WebSocket-Protocol': 'causeway.json' }

test('WebSocket, by the bytes', async context => {
  await using installation = await Installation.make(
    { kind: 'embedded' },
    { CAUSEWAY_MAX_PAYLOAD: String(MAX_PAYLOAD), CAUSEWAY_HANDSHAKE_TIMEOUT: String(HANDSHAKE_MS) },
  )
  const gateway = await installation.start()
  const open = (headers: Record<string, string> = V2): Promise<RawWebSocket> => RawWebSocket.open(gateway.websocket, headers)

  /** A session in binary; its SYN_ACK has been read. */
  const shaken = async (): Promise<RawWebSocket> => {
    const socket = await open()
    socket.send(rawFrame(BINARY, SYN_FRAME))
    assert.equal((await socket.take(BINARY)).payload[3], SYN_ACK)
    return socket
  }

  /** The payload that comes back is among the answers. */
  const answered = async (socket: RawWebSocket, payload: string): Promise<void> => {
    await socket.frames.take(`the answer ${payload}`, each => each.opcode === BINARY && each.payload.includes(payload))
  }

  const subprotocols: [string, Record<string, string>, number, string | undefined][] = [
    ['causeway.v2', V2, 101, 'causeway.v2'],
    ['causeway.json', JSON_TEXT, 101, 'causeway.json'],
    ['both: causeway.v2, whatever the order', { 'Sec-WebSocket-Protocol': 'causeway.json, causeway.v2' }, 101, 'causeway.v2'],
    ['one of ours behind another', { 'Sec-WebSocket-Protocol': 'mqtt,causeway.json' }, 101, 'causeway.json'],
    ['none', {}, 101, undefined],
    ['another one alone', { 'Sec-WebSocket-Protocol': 'mqtt' }, 400, undefined],
    ['a token where a subprotocol belongs', { 'Sec-WebSocket-Protocol': 'bearer.abc' }, 400, undefined],
  ]
  for (const [what, headers, status, chosen] of subprotocols) {
    await context.test(
      `asked for ${what}: ${status === 101 ? (chosen ?? 'causeway.json without being named') : 'refused with 400'}`,
      async () => {
        using socket = await open(headers)
        assert.equal(socket.status, status)
        assert.equal(/^sec-websocket-protocol: (.*)$/im.exec(socket.head)?.[1], chosen)
        if (status !== 101 || chosen === 'causeway.v2') return
        socket.send(rawFrame(TEXT, SYN_TEXT))
        assert.equal(typeof (await socket.text('syn_ack')).session, 'string')
      },
    )
  }

  await context.test('no compression is agreed upon, though it is offered; a compressed frame ends with 1002', async () => {
    using socket = await open({ ...V2, 'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits' })
    assert.equal(socket.status, 101)
    assert.doesNotMatch(socket.head, /sec-websocket-extensions/i)
    socket.send(rawFrame(BINARY, SYN_FRAME, { reserved: 0x40 }))
    assert.equal((await socket.close())[0], 1002)
    await socket.ended()
  })

  await context.test('another version of the WebSocket, or no key, is refused with 4xx', async () => {
    for (const [name, value] of [
      ['Sec-WebSocket-Version', '12'],
      ['Sec-WebSocket-Key', 'short'],
    ]) {
      using socket = await open({ ...V2, [name]: value })
      assert.ok(socket.status >= 400 && socket.status < 500, String(socket.status))
    }
  })

  await context.test('several frames in one message, and a message in fragments with a ping between them', async () => {
    using socket = await shaken()
    const bytes = Buffer.concat([frame(ACK), request(1, 'echo', 'one'), request(2, 'echo', 'two')])
    socket.send(rawFrame(BINARY, bytes))
    await answered(socket, 'two')
    const third = request(3, 'echo', 'three')
    socket.send(
      rawFrame(BINARY, third.subarray(0, 7), { fin: false }),
      rawFrame(PING, 'between'),
      rawFrame(CONTINUATION, third.subarray(7, 30), { fin: false }),
    )
    assert.equal((await socket.take(PONG)).payload.toString(), 'between')
    socket.send(rawFrame(CONTINUATION, third.subarray(30)))
    await answered(socket, 'three')
  })

  await context.test('a message of many fragments, byte by byte', async () => {
    using socket = await shaken()
    const bytes = Buffer.concat([frame(ACK), request(1, 'echo', 'in pieces')])
    const pieces = [...bytes].map((byte, index) =>
      rawFrame(index === 0 ? BINARY : CONTINUATION, Uint8Array.of(byte), { fin: index === bytes.length - 1 }),
    )
    for (const piece of pieces) socket.send(piece)
    await answered(socket, 'in pieces')
  })

  const torn = request(1, 'echo', 'torn')
  for (const [what, bytes] of [
    ['a frame that goes on in the next message', [torn.subarray(0, 25), torn.subarray(25)]],
    ['a whole frame and half of another', [Buffer.concat([frame(ACK), torn.subarray(0, 21)])]],
    ['less than a header', [torn.subarray(0, 19)]],
    ['nothing', [Buffer.alloc(0)]],
  ] as const) {
    await context.test(`${what} in a message of causeway.v2 ends with BAD_FRAME`, async () => {
      using socket = await shaken()
      socket.send(...bytes.map(each => rawFrame(BINARY, each)))
      const told = (await socket.frames.take('the refusal', each => each.opcode === BINARY && each.payload.includes('BAD_FRAME'))).payload
      assert.ok(told.includes('whole frames'), told.toString('latin1'))
      assert.equal((await socket.close())[0], 4500)
      await socket.ended()
    })
  }

  await context.test('text on causeway.v2 and binary on causeway.json end with BAD_FRAME', async () => {
    using binary = await open()
    binary.send(rawFrame(TEXT, SYN_TEXT))
    assert.deepEqual(await binary.close(), [4500, 'causeway.v2 takes binary messages'])
    using text = await open(JSON_TEXT)
    text.send(rawFrame(BINARY, SYN_FRAME))
    assert.equal((await text.text('error')).code, 'BAD_FRAME')
    assert.deepEqual(await text.close(), [4500, 'causeway.json takes text messages'])
  })

  const violations: [what: string, frame: [opcode: number, payload: Uint8Array | string, parts?: RawFrameParts], code: number][] = [
    ['an unmasked frame', [BINARY, SYN_FRAME, { masked: false }], 1002],
    ['an unmasked ping', [PING, 'x', { masked: false }], 1002],
    ['a reserved bit', [BINARY, SYN_FRAME, { reserved: 0x20 }], 1002],
    ['an opcode that is none', [3, 'x'], 1002],
    ['a continuation of nothing', [CONTINUATION, 'x'], 1002],
    ['a ping of 126 bytes', [PING, 'x'.repeat(126)], 1002],
    ['a ping in fragments', [PING, 'x', { fin: false }], 1002],
    ['a close code that is none', [RAW_CLOSE, Uint8Array.of(0, 5)], 1002],
    ['a message beyond the limit, from its header alone', [BINARY, '', { length: Math.ceil((MAX_PAYLOAD * 4) / 3) + ALLOWANCE + 1 }], 1009],
    ['a message of 2^62 bytes', [BINARY, '', { length: 2 ** 62 }], 1009],
    ['a text that is no UTF-8', [TEXT, Uint8Array.of(0xc3, 0x28)], 1007],
  ]
  for (const [what, [opcode, payload, parts], code] of violations) {
    await context.test(`${what} is closed with ${code}`, async () => {
      using socket = await open(opcode === TEXT ? JSON_TEXT : V2)
      socket.send(rawFrame(opcode, payload, parts))
      assert.equal((await socket.close())[0], code)
      await socket.ended()
    })
  }

  await context.test('a message in more than 16,384 fragments is closed with 1008, one in as many is not', async () => {
    const fragments = (count: number): Buffer => {
      const bytes = Buffer.concat([frame(ACK), request(1, 'echo', 'x'.repeat(count - frame(ACK).length - request(1, 'echo').length))])
      const pieces = [...bytes].map((byte, index) =>
        rawFrame(index === 0 ? BINARY : CONTINUATION, Uint8Array.of(byte), { fin: index === bytes.length - 1 }),
      )
      return Buffer.concat(pieces)
    }
    using fits = await shaken()
    fits.send(fragments(16_384))
    await answered(fits, 'x'.repeat(16_000))
    using socket = await shaken()
    socket.send(fragments(16_385))
    assert.equal((await socket.close())[0], 1008)
  })

  await context.test('a client that goes on sending is told the code yet: it is not lost to a reset', async () => {
    for (let attempt = 0; attempt < 5; attempt++) {
      using socket = await open()
      socket.send(rawFrame(BINARY, Buffer.alloc(4 << 20)))
      assert.equal((await socket.close())[0], 1009)
      await socket.ended()
    }
  })

  await context.test('they are counted by what they were', async () => {
    assert.equal(await metric(gateway, 'causeway_connections_closed_total', 'code="TOO_LARGE"'), 7)
    assert.ok((await metric(gateway, 'causeway_connections_closed_total', 'code="BAD_FRAME"')) > 10)
  })

  await context.test('fragments beyond the limit are refused before they are buffered', async () => {
    using socket = await shaken()
    const before = await metric(gateway, 'process_resident_memory_bytes')
    const piece = Buffer.alloc(256 << 10)
    socket.send(rawFrame(BINARY, piece, { fin: false }))
    for (let sent = 0; sent < 3; sent++) socket.send(rawFrame(CONTINUATION, piece, { fin: false }))
    // this one alone would go beyond: nothing of it is sent
    socket.send(rawFrame(CONTINUATION, '', { fin: false, length: 1 << 30 }))
    assert.equal((await socket.close())[0], 1009)
    const growth = (await metric(gateway, 'process_resident_memory_bytes')) - before
    assert.ok(!(growth > SMALL_GROWTH), `memory grew by ${growth} bytes`)
  })

  await context.test('a payload above maxPayload within the limit of messages is TOO_LARGE; the largest fits, in base64 too', async () => {
    using text = await open(JSON_TEXT)
    text.send(rawFrame(TEXT, SYN_TEXT), rawFrame(TEXT, '{"type":"ack"}'))
    const largest = Buffer.alloc(MAX_PAYLOAD, 7).toString('base64')
    text.send(rawFrame(TEXT, JSON.stringify({ type: 'request', id: 1, op: 'echo', payload64: largest })))
    assert.equal((await text.text('response')).payload64, largest)
    using binary = await shaken()
    binary.send(rawFrame(BINARY, Buffer.concat([frame(ACK), request(1, 'echo', Buffer.alloc(MAX_PAYLOAD + 1))])))
    assert.equal((await binary.close())[0], 4504)
  })

  await context.test('pings of the WebSocket are answered in kind, before the handshake and after it, any number of them', async () => {
    using socket = await open()
    socket.send(rawFrame(PING, 'early'))
    assert.equal((await socket.take(PONG)).payload.toString(), 'early')
    socket.send(rawFrame(BINARY, SYN_FRAME), rawFrame(BINARY, frame(ACK)))
    socket.send(...Array.from({ length: 500 }, (_, index) => rawFrame(PING, `${index}`)))
    for (let index = 0; index < 500; index++) assert.equal((await socket.take(PONG)).payload.toString(), `${index}`)
    socket.send(rawFrame(PONG, 'unasked'), rawFrame(BINARY, request(1, 'echo', 'still there')))
    await answered(socket, 'still there')
  })

  await context.test('a client that closes is answered with its own code; its session can be resumed', async () => {
    const { client, synAck } = await JsonClient.open(gateway.websocket)
    client.socket.close(4000, 'going')
    assert.equal(await client.closeCode, 4000)
    using again = (await JsonClient.open(gateway.websocket, { session: synAck.session, resumeToken: synAck.resumeToken })).client
    again.send({ type: 'request', id: 1, op: 'echo', payload: 1 })
    await again.take('response', 1)
    using raw = await shaken()
    raw.send(rawFrame(RAW_CLOSE, Uint8Array.of(0x03, 0xe8)))
    assert.equal((await raw.close())[0], 1000)
    await raw.ended()
  })

  await context.test("a client's CLOSE is answered by the close of the WebSocket with 4000", async () => {
    using socket = await shaken()
    socket.send(
      rawFrame(BINARY, Buffer.concat([frame(ACK), frame(CLOSE, { codec: 1, payload: '{"code":"GOING_AWAY","number":4000,"title":"x"}' })])),
    )
    assert.equal((await socket.close())[0], 4000)
    await socket.ended()
  })

  await context.test(
    'a client that says nothing is closed with 4505 when the time of its handshake is over, and cut if it does not answer',
    async () => {
      using socket = await open()
      assert.equal((await socket.close())[0], 4505)
      await socket.ended()
    },
  )

  await context.test('a session that is taken over is closed with 4512', async () => {
    const { client, synAck } = await JsonClient.open(gateway.websocket)
    using _ = client
    using second = (await JsonClient.open(gateway.websocket, { session: synAck.session, resumeToken: synAck.resumeToken })).client
    assert.equal(await client.closeCode, 4512)
    assert.equal((await client.take('close')).code, 'REPLACED')
    second.send({ type: 'ping' })
    await second.take('pong')
  })

  await context.test('HEAD, POST and a plain GET of the path open nothing', async () => {
    for (const method of ['GET', 'HEAD', 'POST']) assert.equal((await fetch(`${gateway.http}/ws`, { method })).status, 404)
  })

  await context.test('nothing is left over', () =>
    until(async () => (await metric(gateway, 'causeway_connections')) === 0, { timeoutMs: 5_000, what: 'no connection left over' }),
  )
})

test('a token in the URL of a WebSocket is not read and warned of, one in the header is', async () => {
  await using installation = await Installation.make({ kind: 'embedded' }, { CAUSEWAY_AUTH: 'jwt', CAUSEWAY_JWT_SECRET: SECRET })
  const gateway = await installation.start()
  const token = signedToken({ sub: 'alice', exp: seconds(60) })
  for (const name of ['token', 'access_token']) {
    const client = await JsonClient.connect(`${gateway.websocket}?${name}=${token}`)
    client.send({ type: 'syn', client: { name: 'careless', version: '1' } })
    assert.equal((await client.take('error')).code, 'UNAUTHENTICATED')
    assert.equal(await client.closeCode, 4510)
  }
  assert.match(gateway.process.stderr, /"parameters":\["token"\].*a token in the URL of a WebSocket is not read/)
  assert.doesNotMatch(gateway.process.stderr, new RegExp(token.slice(-20)))
  const { client, synAck } = await JsonClient.open(`${gateway.websocket}?token=other`, {}, { authorization: `Bearer ${token}` })
  assert.equal(synAck.principal, 'alice')
  client.socket.terminate()
})

test('CAUSEWAY_ORIGINS: a page of elsewhere is refused with 403 at the upgrade, for each subprotocol; what is no browser is not', async () => {
  await using installation = await Installation.make({ kind: 'embedded' }, { CAUSEWAY_ORIGINS: 'https://shop.example.org' })
  const gateway = await installation.start()
  const statusOf = async (headers: Record<string, string>): Promise<number> => {
    using socket = await RawWebSocket.open(gateway.websocket, headers)
    return socket.status
  }
  for (const subprotocol of [V2, JSON_TEXT, {}]) {
    assert.equal(await statusOf({ ...subprotocol, Origin: 'https://shop.example.org' }), 101)
    for (const origin of [
      'https://evil.example.org',
      'http://shop.example.org',
      'https://shop.example.org.evil.org',
      'null',
      'http://127.0.0.1',
    ])
      assert.equal(await statusOf({ ...subprotocol, Origin: origin }), 403, origin)
    assert.equal(await statusOf(subprotocol), 101)
  }
})

/** The WebSocket that Node has, as browsers do: foreign code, beside the `ws` package. */
test("Node's own WebSocket: an exchange, and the code of the close", async () => {
  await using installation = await Installation.make({ kind: 'embedded' })
  const gateway: RunningGateway = await installation.start()
  const socket = new globalThis.WebSocket(gateway.websocket, ['causeway.json'])
  const texts: Record<string, unknown>[] = []
  socket.onmessage = ({ data }) => void texts.push(JSON.parse(String(data)) as Record<string, unknown>)
  await once(socket as unknown as EventTarget, 'open')
  assert.deepEqual([socket.protocol, socket.extensions], ['causeway.json', ''])
  socket.send(SYN_TEXT)
  await until(() => texts.some(({ type }) => type === 'syn_ack'))
  socket.send('{"type":"ack"}')
  socket.send('{"type":"request","id":1,"op":"echo","payload":"from a browser"}')
  await until(() => texts.some(({ type, payload }) => type === 'response' && payload === 'from a browser'))
  const closed = once(socket as unknown as EventTarget, 'close') as Promise<[CloseEvent]>
  socket.send('no JSON')
  const [{ code, wasClean }] = await closed
  assert.deepEqual([code, wasClean], [4500, true])
  const offered = new WebSocket(gateway.websocket, 'causeway.v2', { perMessageDeflate: true })
  await once(offered, 'open')
  assert.equal(offered.extensions, '')
  offered.terminate()
})
