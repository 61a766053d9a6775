import assert from 'node:assert/strict'
import { WebSocket } from 'ws'
import { Inbox } from './inbox.ts'
import { Installation } from './installation.ts'
import { everywhere } from './places.ts'
import { RawSocket } from './raw-socket.ts'
import { ACK, CLOSE, ERROR, frame, json, NOTIFY, REQUEST, request, SYN, SYN_ACK, V2Client } from './v2-client.ts'

const SYN_FRAME = frame(SYN, { codec: 1, payload: '{"client":{"name":"foreign","version":"0"}}' })

/** A valid REQUEST whose bytes are changed at an offset. */
function bent(offset: number, hex: string, whole = request(7, 'echo', 'hello')): Buffer {
  const bytes = Buffer.from(whole)
  bytes.write(hex, offset, 'hex')
  return bytes
}

interface Malformed {
  name: string
  /** What follows a handshake. */
  bytes: Buffer
  code: string
  number: number
  /** The message that the ERROR speaks of; 7 where the header could be read. */
  msgId: number
}

/** docs/protocol.md, sections 1, 2 and 6. */
const AFTER_HANDSHAKE: Malformed[] = [
  { name: 'a wrong magic', bytes: bent(0, '5858'), code: 'BAD_FRAME', number: 4500, msgId: 0 },
  { name: 'version 3', bytes: bent(2, '03'), code: 'UNSUPPORTED_VERSION', number: 4502, msgId: 7 },
  { name: 'an unknown type', bytes: bent(3, '77'), code: 'UNKNOWN_TYPE', number: 4503, msgId: 7 },
  { name: 'a reserved flag', bytes: bent(4, '81'), code: 'BAD_FRAME', number: 4500, msgId: 7 },
  { name: 'a negative length', bytes: bent(16, 'ffffffff'), code: 'BAD_FRAME', number: 4500, msgId: 7 },
  // the header alone: no byte of body may be waited for
  {
    name: 'a payload above maxPayload',
    bytes: bent(16, '00100001', frame(REQUEST, { msgId: 7, opcode: 1 })),
    code: 'TOO_LARGE',
    number: 4504,
    msgId: 7,
  },
  { name: 'metadata longer than its body', bytes: bent(20, 'ffff'), code: 'BAD_FRAME', number: 4500, msgId: 7 },
  { name: 'a metadata entry longer than the metadata', bytes: bent(23, 'ffff'), code: 'BAD_FRAME', number: 4500, msgId: 7 },
  { name: 'an unknown tag of 128 or above', bytes: bent(22, '80'), code: 'BAD_FRAME', number: 4500, msgId: 7 },
  {
    name: 'a wrong checksum',
    bytes: bent(30, '00', request(7, 'echo', 'hello', { checksum: true })),
    code: 'BAD_CHECKSUM',
    number: 4501,
    msgId: 7,
  },
  {
    name: 'a frame that only a server sends',
    bytes: frame(SYN_ACK, { msgId: 7, payload: '{}' }),
    code: 'BAD_FRAME',
    number: 4500,
    msgId: 7,
  },
  { name: 'a second SYN', bytes: SYN_FRAME, code: 'BAD_FRAME', number: 4500, msgId: 0 },
  { name: 'a REQUEST without a number', bytes: request(0, 'echo'), code: 'BAD_FRAME', number: 4500, msgId: 0 },
]

const BEFORE_HANDSHAKE: Malformed[] = [
  { name: 'a first frame that is not SYN', bytes: request(7, 'echo'), code: 'HANDSHAKE_EXPECTED', number: 4505, msgId: 7 },
  {
    name: 'a REQUEST before the ACK',
    bytes: Buffer.concat([SYN_FRAME, request(7, 'echo')]),
    code: 'HANDSHAKE_EXPECTED',
    number: 4505,
    msgId: 7,
  },
  { name: 'a SYN that is not JSON', bytes: frame(SYN, { payload: 'syn' }), code: 'BAD_FRAME', number: 4500, msgId: 0 },
  {
    name: 'a SYN whose field has another type',
    bytes: frame(SYN, { payload: '{"client":{"name":1,"version":""}}' }),
    code: 'BAD_FRAME',
    number: 4500,
    msgId: 0,
  },
  { name: 'bytes of no dialect', bytes: Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'), code: 'BAD_FRAME', number: 4500, msgId: 0 },
]

const HANDSHAKE_MS = 400

everywhere('malformed input', async (context, place) => {
  await using installation = await Installation.make(place, { CAUSEWAY_HANDSHAKE_TIMEOUT: String(HANDSHAKE_MS) })
  const gateway = await installation.start()
  using neighbour = (await V2Client.open(gateway.port)).client
  let asked = 0

  const assertNeighbourServed = async (): Promise<void> => {
    asked++
    neighbour.send(request(asked, 'echo', `neighbour ${asked}`))
    assert.equal((await neighbour.answer(asked)).payload.toString(), `neighbour ${asked}`)
  }

  for (const { name, bytes, code, number, msgId } of [...AFTER_HANDSHAKE, ...BEFORE_HANDSHAKE]) {
    await context.test(`${name} ends in ERROR and CLOSE ${code}`, async () => {
      using client = await V2Client.connect(gateway.port)
      if (AFTER_HANDSHAKE.some(each => each.name === name)) await client.shakeHands()
      client.send(bytes)
      const error = await client.take(ERROR)
      assert.deepEqual([error.msgId, error.seq, json(error).code, json(error).number], [msgId, 0, code, number])
      const close = await client.take(CLOSE)
      assert.deepEqual([json(close).code, json(close).number], [code, number])
      await client.ended()
      await assertNeighbourServed()
    })
  }

  await context.test('what was stored before a bad frame is not lost: the session resumes and gets its answer', async () => {
    const { client, synAck } = await V2Client.open(gateway.port)
    client.send(request(1, 'demo.slow', { ms: 200 }))
    await client.take(ACK, 1)
    client.send(bent(0, '5858'))
    await client.ended()
    const { session, resumeToken } = synAck
    using again = (await V2Client.open(gateway.port, { session, resumeToken, lastSeq: 0, stored: 1, waiting: [[1, 5_000]] })).client
    assert.deepEqual(json(await again.answer(1)), { ms: 200 })
  })

  for (const [name, bytes] of [
    ['that says nothing', ''],
    ['that sends half a magic', '4d'],
    ['that sends SYN and no ACK', SYN_FRAME.toString('hex')],
    ['that stops within its SYN', SYN_FRAME.subarray(0, 30).toString('hex')],
  ]) {
    await context.test(`a client ${name} is closed once the handshake's time is over`, async () => {
      using client = await RawSocket.connect(gateway.port)
      client.write(bytes)
      const rest = await client.rest(HANDSHAKE_MS * 4)
      assert.match(rest.toString('latin1'), /HANDSHAKE_EXPECTED/)
    })
  }

  await context.test('text that is not JSON ends a causeway.json connection with close code 4500', async () => {
    const socket = new WebSocket(gateway.websocket, 'causeway.json')
    const texts = new Inbox<Record<string, unknown>>()
    const closed = new Inbox<number>()
    socket.on('message', data => texts.add(JSON.parse(String(data)) as Record<string, unknown>))
    socket.on('close', code => closed.add(code))
    socket.on('open', () => socket.send('{"type":"syn",'))
    assert.equal((await texts.take('an error', text => text.type === 'error')).code, 'BAD_FRAME')
    assert.equal((await texts.take('a close', text => text.type === 'close')).number, 4500)
    assert.equal(await closed.take('the close code'), 4500)
  })

  await context.test('a payload that its route does not accept ends only its message', async () => {
    using client = (await V2Client.open(gateway.port)).client
    client.send(request(1, 'demo.slow', { ms: 'soon' }), request(2, 'demo.slow', '{"ms":', { codec: 1 }), request(3, 'echo', 'goes on'))
    for (const msgId of [1, 2]) assert.equal(json(await client.answer(msgId)).code, 'BAD_PAYLOAD')
    assert.equal((await client.answer(3)).payload.toString(), 'goes on')
    client.send(frame(NOTIFY, { msgId: 4, opcode: 16, codec: 1, payload: '{"device":"none"}' }), request(5, 'echo', 'still'))
    assert.equal((await client.answer(5)).payload.toString(), 'still')
  })

  await assertNeighbourServed()
  assert.ok(gateway.process.alive)
  assert.equal((await gateway.process.stop()).code, 0)
})
