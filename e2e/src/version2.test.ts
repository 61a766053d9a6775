import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { Installation, type RunningGateway } from './installation.ts'
import { everywhere } from './places.ts'
import { ACK, CANCEL, ERROR, frame, json, NOTIFY, PING, PONG, REQUEST, RESPONSE, request, V2Client } from './v2-client.ts'

/** The most that the server may hold an ACK back (section 2), and what a busy machine may add, ms. */
const ACK_WITHIN_MS = 50 + 450

everywhere('version 2, by a client made from the page alone', async (context, place) => {
  await using installation = await Installation.make(place, { CAUSEWAY_WINDOW: '64' })
  const gateway = await installation.start()

  await context.test('the bytes of the page open a session and get their echo, byte for byte', async () => {
    await sendPageBytes(gateway)
  })

  await context.test('answers are numbered from 1 and acknowledged apart', async () => {
    using client = (await V2Client.open(gateway.port)).client
    for (let msgId = 1; msgId <= 3; msgId++) {
      client.send(request(msgId, 'echo', `payload ${msgId}`))
      const answer = await client.take(RESPONSE, msgId)
      assert.deepEqual([answer.seq, answer.payload.toString()], [msgId, `payload ${msgId}`])
    }
    const sentAt = performance.now()
    client.send(frame(NOTIFY, { msgId: 4, codec: 1, opcode: 16, payload: '{"device":1,"registers":[1]}' }))
    await client.inbox.take('the ACK of message 4', each => each.type === ACK && each.msgId === 4)
    assert.ok(performance.now() - sentAt < ACK_WITHIN_MS, `the ACK took ${performance.now() - sentAt} ms`)
  })

  await context.test('a client that sends a checksum gets one back, and any byte passes through', async () => {
    using client = (await V2Client.open(gateway.port)).client
    const payload = Buffer.from(Array.from({ length: 1_024 }, (_, index) => index & 0xff))
    client.send(request(1, 'echo', payload, { checksum: true, codec: 200 }))
    const answer = await client.take(RESPONSE, 1)
    assert.deepEqual({ flags: answer.flags, codec: answer.codec }, { flags: 2, codec: 200 })
    assert.deepEqual(answer.payload, payload)
  })

  await context.test('a PING is answered with its payload', async () => {
    using client = (await V2Client.open(gateway.port)).client
    client.send(frame(PING, { payload: 'are you there' }))
    assert.equal((await client.take(PONG)).payload.toString(), 'are you there')
  })

  await context.test('a deadline that passes ends in TIMEOUT, one numbered answer', async () => {
    using client = (await V2Client.open(gateway.port)).client
    client.send(request(1, 'demo.slow', { ms: 600 }, { metadata: { 2: 100 } }), request(2, 'echo', 'after'))
    const timeout = await client.answer(1)
    assert.deepEqual([timeout.type, json(timeout).code, timeout.seq], [ERROR, 'TIMEOUT', 1])
    assert.equal((await client.answer(2)).payload.toString(), 'after')
  })

  await context.test('a cancelled request ends its handler: what follows it in its session does not wait', async () => {
    const { client } = await V2Client.open(gateway.port)
    using _ = client
    client.send(request(1, 'demo.slow', { ms: 60_000 }), request(2, 'echo', 'next'))
    client.send(frame(CANCEL, { msgId: 1 }))
    assert.equal((await client.answer(2)).payload.toString(), 'next')
  })

  await context.test('a cancelled request ends in CANCELLED', async () => {
    using client = (await V2Client.open(gateway.port)).client
    client.send(request(1, 'demo.slow', { ms: 300 }), frame(CANCEL, { msgId: 1 }))
    const answer = await client.answer(1)
    assert.deepEqual([answer.type, json(answer).code, json(answer).number], [ERROR, 'CANCELLED', 4104])
  })

  await context.test('a route or an opcode that nobody registered is refused, unnumbered and unstored', async () => {
    using client = (await V2Client.open(gateway.port)).client
    client.send(request(1, 'no.such.route'), frame(REQUEST, { msgId: 2, opcode: 0xeeee }), request(3, 'echo', 'goes on'))
    for (const msgId of [1, 2]) {
      const refusal = await client.take(ERROR, msgId)
      assert.deepEqual([json(refusal).code, refusal.seq], ['NO_ROUTE', 0])
    }
    assert.equal((await client.take(RESPONSE, 3)).seq, 1)
  })

  await context.test('a msgId that comes again is dropped and acknowledged again', async () => {
    using client = (await V2Client.open(gateway.port)).client
    client.send(request(1, 'echo', 'first'))
    assert.equal((await client.take(RESPONSE, 1)).payload.toString(), 'first')
    await client.take(ACK, 1)
    client.send(request(1, 'echo', 'again'), request(2, 'echo', 'next'))
    assert.equal((await client.take(RESPONSE, 2)).seq, 2)
    await client.inbox.take('an ACK of 1 or above', each => each.type === ACK && each.msgId >= 1)
    assert.deepEqual(
      client.inbox.items.filter(each => each.type === RESPONSE),
      [],
    )
  })

  await context.test('a thousand requests at once, far beyond the window, are answered in order', async () => {
    using client = (await V2Client.open(gateway.port)).client
    const total = 1_000
    client.send(...Array.from({ length: total }, (_, index) => request(index + 1, 'echo', `#${index + 1}`)))
    for (let expected = 1; expected <= total; expected++) {
      const answer = await client.take(RESPONSE)
      assert.deepEqual([answer.msgId, answer.seq, answer.payload.toString()], [expected, expected, `#${expected}`])
    }
  })

  await context.test('frames that come a byte at a time are frames', async () => {
    using client = (await V2Client.open(gateway.port)).client
    for (const byte of request(1, 'echo', 'drop by drop', { checksum: true })) {
      client.socket.write(Buffer.of(byte))
      await new Promise(setImmediate)
    }
    assert.equal((await client.answer(1)).payload.toString(), 'drop by drop')
  })
})

/** The REQUEST of docs/protocol.md, section 9, but numbered 1: a session's first number that this test sends. */
async function sendPageBytes(gateway: RunningGateway): Promise<void> {
  const socket = connect(gateway.port, '127.0.0.1')
  await once(socket, 'connect')
  const syn = Buffer.from('{"client":{"name":"hand","version":"1"}}').toString('hex')
  socket.write(Buffer.from(`4d430201000100000000000000000000${(syn.length / 2).toString(16).padStart(8, '0')}${syn}`, 'hex'))
  await once(socket, 'data')
  socket.write(Buffer.from('4d43020300000000000000000000000000000000', 'hex'))
  socket.write(Buffer.from('4d4302100001000100000007000000000000000' + '77b2261223a317d', 'hex'))
  let received = ''
  for await (const chunk of socket) {
    received += (chunk as Buffer).toString('hex')
    if (received.includes('7b2261223a317d')) break
  }
  assert.ok(received.includes('4d4302110001000100000007000000010000' + '00077b2261223a317d'), `came: ${received}`)
  socket.destroy()
}
