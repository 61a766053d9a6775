import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect, type Push } from '@causeway/client'
import { Inbox } from './inbox.ts'
import { Installation } from './installation.ts'
import { everywhere } from './places.ts'
import { ACK, ERROR, frame, json, MORE, NOTIFY, PUSH, RESPONSE, request, V2Client } from './v2-client.ts'

everywhere("the demo's routes", async (context, place) => {
  await using installation = await Installation.make(place)
  const gateway = await installation.start()

  await context.test('a stream: numbered chunks of one msgId, MORE on all but the last', async () => {
    using client = (await V2Client.open(gateway.port)).client
    client.send(request(1, 'demo.count', { to: 50 }))
    for (let n = 1; n <= 50; n++) {
      const chunk = await client.take(RESPONSE, 1)
      assert.deepEqual([chunk.seq, json(chunk), chunk.flags & MORE], [n, { n }, n < 50 ? MORE : 0])
    }
    client.send(request(2, 'echo', 'after'))
    assert.equal((await client.take(RESPONSE)).msgId, 2)
  })

  await context.test('a stream of nothing is one answer; our client gives streams one by one and leaves them early', async () => {
    await using client = await connect(gateway.tcp)
    for await (const value of client.stream('demo.count', { to: 0 })) assert.fail(`a value: ${JSON.stringify(value)}`)
    for await (const value of client.stream<{ n: number }>('demo.count', { to: 1_000_000, everyMs: 1 })) if (value.n === 3) break
    assert.deepEqual(await client.request('echo', { hello: 1 }), { hello: 1 })
  })

  await context.test('a push to the own session comes before its answer, one to another session comes there', async () => {
    const { client, synAck } = await V2Client.open(gateway.port)
    using _ = client
    client.send(request(1, 'demo.push', { payload: { for: 'me' } }))
    const push = await client.take(PUSH)
    assert.deepEqual([push.msgId, push.seq, json(push)], [0, 1, { for: 'me' }])
    assert.equal((await client.take(RESPONSE, 1)).seq, 2)

    await using other = await connect(gateway.websocket)
    const pushes = new Inbox<Push>()
    other.on('push', each => pushes.add(each))
    client.send(request(2, 'demo.push', { session: other.session, payload: { from: synAck.session } }))
    assert.deepEqual(json(await client.take(RESPONSE, 2)), { pushed: true })
    assert.deepEqual((await pushes.take('the push')).payload, { from: synAck.session })
  })

  await context.test('a push to a session that is not there fails at its publisher', async () => {
    using client = (await V2Client.open(gateway.port)).client
    client.send(request(1, 'demo.push', { session: 'nobody', payload: 1 }, { metadata: { 2: 400 } }))
    assert.equal((await client.answer(1)).type, ERROR)
  })

  await context.test('demo.reject says REJECTED once, without a retry', async () => {
    using client = (await V2Client.open(gateway.port)).client
    client.send(request(1, 'demo.reject'), request(2, 'echo', 'next'))
    const rejected = await client.answer(1)
    assert.deepEqual([json(rejected).code, json(rejected).number, rejected.seq], ['REJECTED', 4601, 1])
    assert.equal((await client.answer(2)).seq, 2)
  })

  await context.test('a notification is acknowledged and not answered', async () => {
    using client = (await V2Client.open(gateway.port)).client
    client.send(frame(NOTIFY, { msgId: 1, opcode: 16, codec: 1, payload: '{"device":7,"registers":[1,2,3]}' }))
    await client.take(ACK, 1)
    client.send(request(2, 'echo', 'next'))
    assert.equal((await client.take(RESPONSE)).msgId, 2)
    assert.deepEqual(
      client.inbox.items.filter(each => each.type !== ACK),
      [],
    )
  })

  await context.test("a slow request's TIMEOUT comes in time, and its late result is not seen", async () => {
    using client = (await V2Client.open(gateway.port)).client
    const sentAt = performance.now()
    client.send(request(1, 'demo.slow', { ms: 5_000 }, { metadata: { 2: 200 } }))
    assert.equal(json(await client.answer(1)).code, 'TIMEOUT')
    const tookMs = performance.now() - sentAt
    assert.ok(tookMs > 195 && tookMs < 2_000, `TIMEOUT came after ${tookMs} ms`)
    client.send(request(2, 'demo.slow', { ms: 1 }))
    assert.deepEqual(json(await client.answer(2)), { ms: 1 })
  })

  await context.test('what fails is tried again in order: the messages behind it wait, another session does not', async () => {
    using a = (await V2Client.open(gateway.port)).client
    using b = (await V2Client.open(gateway.port)).client
    a.send(request(1, 'demo.flaky', { failures: 8 }), ...[2, 3, 4, 5, 6].map(msgId => request(msgId, 'echo', `#${msgId}`)))
    await a.take(ACK, 6)
    b.send(request(1, 'echo', 'beside'))
    await b.answer(1)
    // eight waits of 50 ms keep A's head in place while B is served
    assert.deepEqual(
      a.inbox.items.filter(each => each.type === RESPONSE),
      [],
      'B was answered before A',
    )
    const answers = []
    for (let seq = 1; seq <= 6; seq++) answers.push(await a.take(RESPONSE))
    assert.deepEqual(
      answers.map(({ msgId, seq }) => [msgId, seq]),
      [1, 2, 3, 4, 5, 6].map(n => [n, n]),
    )
    assert.deepEqual(json(answers[0]), { attempt: 9 })
    a.send(request(7, 'echo', 'on'))
    await a.answer(7)
  })

  await context.test('a retry of one session with many behind it: a hundred parked come out in order', async () => {
    using client = (await V2Client.open(gateway.port)).client
    client.send(request(1, 'demo.flaky', { failures: 2 }))
    for (let msgId = 2; msgId <= 101; msgId++) {
      client.send(request(msgId, 'echo', `#${msgId}`))
      if (msgId % 10 === 0) await sleep(5)
    }
    for (let msgId = 1; msgId <= 101; msgId++) assert.equal((await client.take(RESPONSE)).msgId, msgId)
  })
})
