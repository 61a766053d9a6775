import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { WebSocket } from 'ws'
import { Installation } from './installation.ts'
import { JsonClient } from './json-client.ts'
import { everywhere } from './places.ts'
import { ACK, frame, request, SYN } from './v2-client.ts'

everywhere('WebSocket', async (context, place) => {
  await using installation = await Installation.make(place)
  const gateway = await installation.start()

  await context.test('causeway.json: the exchange of the page, text for text', async () => {
    using client = (await JsonClient.open(gateway.websocket)).client
    client.send({ type: 'request', id: 1, op: 'echo', payload: { hello: 1 } })
    assert.deepEqual(await client.take('response'), { type: 'response', id: 1, seq: 1, payload: { hello: 1 } })
    client.send({ type: 'ack', ack: 1 })
    client.send({ type: 'notify', id: 2, op: 16, payload: { device: 1, registers: [1] } })
    assert.equal((await client.take('ack', 2)).id, 2)
  })

  await context.test('causeway.json: bytes as payload64, errors with their fields beside the type, streams with more', async () => {
    using client = (await JsonClient.open(gateway.websocket)).client
    client.send({ type: 'request', id: 1, op: 1, payload64: 'AAEC/w==' })
    assert.equal((await client.take('response', 1)).payload64, 'AAEC/w==')
    client.send({ type: 'request', id: 2, op: 'demo.reject' })
    const { code, number, seq } = await client.take('error', 2)
    assert.deepEqual([code, number, seq], ['REJECTED', 4601, 2])
    client.send({ type: 'request', id: 3, op: 'demo.count', payload: { to: 2 } })
    const chunks = [await client.take('response', 3), await client.take('response', 3)]
    assert.deepEqual(
      chunks.map(({ payload }) => payload),
      [{ n: 1 }, { n: 2 }],
    )
    assert.equal(chunks[0].more, true)
    client.send({ type: 'ping' })
    await client.take('pong')
  })

  await context.test('causeway.v2: frames of the socket in binary messages, several in one', async () => {
    const socket = new WebSocket(gateway.websocket, 'causeway.v2')
    await once(socket, 'open')
    socket.send(frame(SYN, { codec: 1, payload: '{"client":{"name":"binary","version":"1"}}' }))
    const [synAck] = (await once(socket, 'message')) as [Buffer]
    assert.equal(synAck[3], 0x02)
    socket.send(Buffer.concat([frame(ACK), request(1, 'echo', 'one'), request(2, 'echo', 'two')]))
    let received = Buffer.alloc(0)
    while (!received.includes('two'))
      received = Buffer.concat([received, ...((await once(socket, 'message')) as [Buffer, boolean]).slice(0, 1)] as Buffer[])
    assert.ok(received.indexOf('one') < received.indexOf('two'))
    socket.terminate()
  })

  await context.test('a page of a foreign origin is refused with 403, one of this machine is not', async () => {
    const socket = new WebSocket(gateway.websocket, 'causeway.json', { origin: 'https://example.org' })
    const [error] = (await once(socket, 'error')) as [Error]
    assert.match(error.message, /403/)
    using client = (await JsonClient.open(gateway.websocket, {}, { origin: 'http://localhost:3000' })).client
    client.send({ type: 'request', id: 1, op: 'echo', payload: 1 })
    await client.take('response', 1)
  })

  await context.test('a plain request to the WebSocket path, or to no path, is 404', async () => {
    for (const path of ['ws', 'nothing']) assert.equal((await fetch(`${gateway.http}/${path}`)).status, 404)
  })

  await context.test('a session begun in text goes on in binary numbers: resume by its token', async () => {
    const { client, synAck } = await JsonClient.open(gateway.websocket)
    client.send({ type: 'request', id: 1, op: 'echo', payload: 'first' })
    await client.take('response', 1)
    client.socket.terminate()
    const { session, resumeToken } = synAck
    const { client: again, synAck: second } = await JsonClient.open(gateway.websocket, { session, resumeToken, lastSeq: 0 })
    using _ = again
    assert.deepEqual([second.session, second.resumed, second.recovered, second.lastMsgId], [session, true, true, 1])
    const redelivered = await again.take('response', 1)
    assert.deepEqual([redelivered.payload, redelivered.redelivered], ['first', true])
  })
})

test('allowed origins are those of CAUSEWAY_ORIGINS alone', async () => {
  await using installation = await Installation.make({ kind: 'embedded' }, { CAUSEWAY_ORIGINS: 'https://shop.example.org' })
  const gateway = await installation.start()
  using client = (await JsonClient.open(gateway.websocket, {}, { origin: 'https://shop.example.org' })).client
  client.send({ type: 'request', id: 1, op: 'echo', payload: 1 })
  await client.take('response', 1)
  const socket = new WebSocket(gateway.websocket, 'causeway.json', { origin: 'http://localhost:3000' })
  assert.match(((await once(socket, 'error')) as [Error])[0].message, /403/)
})
