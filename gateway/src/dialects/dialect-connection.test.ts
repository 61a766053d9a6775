import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  compileDialect,
  DIALECTS,
  type DialectMessage,
  decodeRecordHeader,
  encodeFrame,
  Flag,
  FrameType,
  ProtocolError,
} from '@causeway/protocol'
import { until } from '@causeway/testing'
import { answer, FakeTransport, fakeGateway, jsonOf, pictureOf, quiet, routeOf, textOf } from '../gateway.fixture.ts'
import { Device, device } from './device.fixture.ts'
import { DialectConnection } from './dialect-connection.ts'

const { mc1, vmol, length32 } = DIALECTS
/** Answers in the order asked, in frames of at most 255 bytes. */
const SMALL = compileDialect({
  name: 'small',
  title: 'Length in one byte',
  headerSize: 2,
  fields: [
    { name: 'cmd', offset: 0, type: 'u8' },
    { name: 'length', offset: 1, type: 'u8' },
  ],
  framing: { by: 'length', field: 'length', counts: 'payload' },
  operation: 'cmd',
  error: 0xff,
})

describe('a dialect matched by order', () => {
  test('gets its answers in the order asked, whatever order they come in', async () => {
    const { gateway, speaker, records } = await device(mc1)
    speaker.ask([1, 'a'], [1, 'b'], [1, 'c'])
    await answer(gateway, records[2], 'third')
    await answer(gateway, records[1], 'second')
    assert.deepEqual(speaker.answers, [])
    await answer(gateway, records[0], 'first')
    assert.deepEqual(speaker.answers, ['first', 'second', 'third'])
  })

  test('gets refusals and heartbeats in their turn too', async () => {
    const { gateway, speaker, records } = await device(mc1)
    speaker.ask([1, 'a'], [0, 'beat'], [99, 'no route'], [1, 'd'])
    await answer(gateway, records[1], 'last')
    assert.deepEqual(speaker.answers, [])
    await answer(gateway, records[0], 'first')
    assert.deepEqual(speaker.answers, ['first', 'beat', 'NO_ROUTE', 'last'])
    assert.deepEqual(
      speaker.told.map(({ operation }) => operation),
      [1, 0, 0xff, 1],
    )
  })

  test('gets no answer of a one-way route, and nobody waits for one', async () => {
    const { gateway, speaker, records } = await device(mc1)
    speaker.ask([2, 'noted'], [1, 'asked'])
    assert.deepEqual(
      records.map(({ pending }) => pending.request),
      [false, true],
    )
    await answer(gateway, records[1], 'answered')
    assert.deepEqual(speaker.answers, ['answered'])
  })

  test('gets the chunks of a stream as one answer', async () => {
    const { gateway, speaker, records } = await device(mc1)
    speaker.ask([1, 'count'])
    const { id, bucket, incarnation } = records[0].session
    for (const [index, payload] of ['one ', 'two '].entries()) {
      const frame = encodeFrame({ type: FrameType.RESPONSE, flags: Flag.MORE, msgId: 1, payload })
      await gateway.store.finish([{ kind: 'chunk', session: id, bucket, incarnation, msgId: 1, run: 'r', chunk: index, frame }])
    }
    assert.deepEqual(speaker.answers, [])
    await answer(gateway, records[0], 'three')
    assert.deepEqual(speaker.answers, ['one two three'])
  })

  test('gets its deadline in the error form, in its turn', async () => {
    const { gateway, speaker, records } = await device(mc1)
    speaker.ask([1, 'slow'], [1, 'fast'])
    await answer(gateway, records[1], 'fast')
    gateway.host.end(records[0].session, records[0].pending, 'timedOut', 'TIMEOUT', 'too late')
    await until(() => speaker.answers.length === 2)
    assert.deepEqual(speaker.answers, ['TIMEOUT', 'fast'])
  })
})

describe('a dialect matched by number', () => {
  test('gets answers as they come, each under its number', async () => {
    const { gateway, speaker, records } = await device(vmol)
    speaker.ask([1, 'a', 70], [1, 'b', 71], [99, 'c', 72])
    await answer(gateway, records[1], 'second')
    await answer(gateway, records[0], 'first')
    assert.deepEqual(
      speaker.told.map(({ correlation }, index) => [correlation, speaker.answers[index]]),
      [
        [72, 'NO_ROUTE'],
        [71, 'second'],
        [70, 'first'],
      ],
    )
  })
})

describe('a dialect connection', () => {
  test("has its listener's route where the header names no operation", async () => {
    const { gateway, speaker, records } = await device(length32, {}, { route: 'echo' })
    gateway.context.routes.follow(pictureOf([routeOf('echo', 7)]))
    speaker.send('00000001 78')
    await answer(gateway, records[0], 'ok')
    assert.equal(speaker.hex, '000000026f6b')
  })

  test('is told NO_ROUTE, in its turn, where neither the header nor the listener names one', async () => {
    const { speaker, records } = await device(length32, {}, {})
    speaker.send('00000001 78 00000001 79')
    assert.deepEqual(
      [records.length, speaker.told.map(({ payload }) => jsonOf<{ code: string }>(payload).code)],
      [0, ['NO_ROUTE', 'NO_ROUTE']],
    )
  })

  test("has the routes that its listener maps numbers to, and the others by opcode; its payloads the listener's codec", async () => {
    const { speaker, records } = await device(vmol, {}, { routes: { 9: 'note' }, codec: 1 })
    speaker.ask([9, 'noted', 1], [1, 'asked', 2], [8, 'nobody', 3])
    assert.deepEqual(
      records.map(({ header, pending }) => [decodeRecordHeader(header)!.route, decodeRecordHeader(header)!.codec, pending.request]),
      [
        ['note', 1, false],
        ['echo', 1, true],
      ],
    )
    assert.deepEqual(speaker.answers, ['NO_ROUTE'])
  })

  test('handles what came before its session was there', async () => {
    const gateway = fakeGateway()
    const speaker = new Device(gateway, mc1)
    speaker.ask([1, 'early'], [0, 'beat'])
    await until(() => gateway.appender.records.length === 1)
    await answer(gateway, gateway.appender.records[0], 'answered')
    assert.deepEqual(speaker.answers, ['answered', 'beat'])
  })

  test('acknowledges what it has written, so that its outbox is trimmed', async () => {
    const { gateway, speaker, records } = await device(mc1)
    speaker.ask([1, 'a'])
    await answer(gateway, records[0])
    assert.equal(records[0].session.acknowledged, 1)
    speaker.ask([1, 'b'])
    speaker.transport.waitingBytes = 2 << 20
    await answer(gateway, records[1])
    assert.deepEqual([records[0].session.acknowledged, speaker.transport.paused], [1, true])
    speaker.transport.drain()
    assert.deepEqual([records[0].session.acknowledged, speaker.transport.paused], [2, false])
  })

  test('goes on behind its window as messages finish', async () => {
    const { gateway, speaker, records } = await device(mc1, { window: 1 })
    speaker.ask([1, 'a'], [1, 'b'], [1, 'c'])
    assert.equal(records.length, 1)
    for (const index of [0, 1, 2]) {
      await until(() => records.length > index)
      await answer(gateway, records[index])
    }
    assert.deepEqual(speaker.answers, ['answer 1', 'answer 2', 'answer 3'])
  })

  test('holds what its window has no room for as the bytes that came, but for a thousand messages', async () => {
    const gateway = fakeGateway({ window: 500 })
    const transport = new FakeTransport()
    const listener = { port: 7412, dialect: 'lines', auth: 'none', route: 'echo' } as const
    const connection = new DialectConnection(gateway.context, transport, DIALECTS.lines, listener)
    await until(() => gateway.host.held.size === 1)
    const { records } = gateway.appender
    const lines = Array.from({ length: 3_000 }, (_, index) => `${index}\n`)
    connection.read(Buffer.from(lines.join('')))
    assert.deepEqual([gateway.counters.received.total, records.length, transport.paused], [1_024, 500, true])
    connection.peerEnded()
    for (let answered = 0; answered < lines.length; answered++) {
      await until(() => records.length > answered)
      assert.ok(records.length - answered <= 500)
      await answer(gateway, records[answered], String(answered))
    }
    assert.equal(textOf(transport.bytes), lines.join(''))
    assert.equal(transport.endCode(), 4000)
  })

  test('keeps its order where a later question would still fit its window', async () => {
    const { gateway, speaker, records } = await device(vmol, { windowBytes: 1_024 })
    speaker.ask([1, 'x'.repeat(1_000), 1], [1, 'y'.repeat(1_000), 2], [1, 'z', 3])
    assert.equal(records.length, 1)
    await answer(gateway, records[0])
    await until(() => records.length === 3)
    assert.deepEqual(
      records.map(({ value }) => textOf(value)[0]),
      ['x', 'y', 'z'],
    )
  })

  test('gets the error form where an answer does not fit its header', async () => {
    const { gateway, speaker, records } = await device(SMALL)
    speaker.ask([1, 'a'], [1, 'b'])
    await answer(gateway, records[0], 'x'.repeat(300))
    await answer(gateway, records[1], 'fits')
    assert.deepEqual(speaker.answers, ['HANDLER_FAILED', 'fits'])
  })

  test('ends with the error form at bytes that are no frame', async () => {
    const { speaker } = await device(mc1)
    speaker.connection.received([], new ProtocolError('BAD_FRAME', 'length is negative'))
    assert.deepEqual([speaker.answers, speaker.transport.endCode()], [['BAD_FRAME'], 4500])
  })

  test('ends with the error form where its session cannot be opened', async () => {
    const gateway = fakeGateway()
    gateway.store.down = 'connection refused'
    const speaker = new Device(gateway, mc1)
    await until(() => speaker.transport.ended !== undefined)
    assert.deepEqual([speaker.answers, speaker.transport.endCode()], [['BACKEND_UNAVAILABLE'], 4004])
  })

  test('that is asked to leave is closed between two answers', async () => {
    const { gateway, speaker, records } = await device(mc1)
    speaker.ask([1, 'a'])
    speaker.connection.leave()
    await quiet()
    assert.equal(speaker.transport.endCode(), undefined)
    await answer(gateway, records[0], 'last')
    await until(() => speaker.transport.endCode() === 4000)
    assert.deepEqual(speaker.answers, ['last'])
  })

  test('that has closed its side gets the answers that are due, and then its end', async () => {
    const { gateway, speaker, records } = await device(mc1)
    speaker.ask([1, 'a'], [0, 'beat'])
    speaker.connection.peerEnded()
    assert.equal(speaker.transport.endCode(), undefined)
    await answer(gateway, records[0], 'last')
    assert.deepEqual([speaker.answers, speaker.transport.endCode()], [['last', 'beat'], 4000])
    assert.equal(gateway.context.connections.size, 0)
  })

  test('that has closed its side before its session was there, or behind its window, gets all answers', async () => {
    const gateway = fakeGateway({ window: 1 })
    const speaker = new Device(gateway, mc1)
    speaker.ask([99, 'no route'], [1, 'a'], [1, 'b'], [2, 'note'])
    speaker.connection.peerEnded()
    for (const index of [0, 1]) {
      await until(() => gateway.appender.records.length > index)
      assert.equal(speaker.transport.endCode(), undefined)
      await answer(gateway, gateway.appender.records[index])
    }
    await until(() => speaker.transport.endCode() === 4000)
    assert.deepEqual([speaker.answers, gateway.appender.records.length], [['NO_ROUTE', 'answer 2', 'answer 3'], 3])
  })

  test('that has closed its side with nothing asked is ended at once', async () => {
    const { speaker } = await device(mc1)
    speaker.connection.peerEnded()
    assert.equal(speaker.transport.endCode(), 4000)
  })

  test('that is silent has its time before the first bytes, three keep-alives after, and as long as it waits for an answer', async () => {
    const silent = await device(mc1, { keepAlive: 60_000 }, { keepAlive: 1_000 })
    const opened = Date.now()
    silent.speaker.connection.tick(opened + 5_900)
    assert.equal(silent.speaker.transport.endCode(), undefined)
    silent.speaker.connection.tick(opened + 6_100)
    assert.equal(silent.speaker.transport.endCode(), 4002)

    const { gateway, speaker, records } = await device(mc1, { keepAlive: 1_000 })
    speaker.ask([1, 'a'])
    const heard = Date.now()
    speaker.connection.tick(heard + 60_000)
    assert.equal(speaker.transport.endCode(), undefined)
    await answer(gateway, records[0])
    speaker.connection.tick(heard + 2_900)
    assert.equal(speaker.transport.endCode(), undefined)
    speaker.connection.tick(heard + 3_100)
    assert.equal(speaker.transport.endCode(), 4002)
  })

  test('that takes nothing is cut off', async () => {
    const { gateway, speaker, records } = await device(mc1)
    speaker.ask([1, 'a'])
    speaker.transport.waitingBytes = 2 << 20
    await answer(gateway, records[0])
    speaker.connection.tick(Date.now() + 1_100)
    assert.deepEqual([speaker.transport.endCode(), speaker.transport.destroyed], [4003, true])
  })
})

test('a handshake is answered step by step before the first message', async () => {
  const gateway = fakeGateway()
  const transport = new FakeTransport()
  const dialect = DIALECTS['mc1-handshake']
  const connection = new DialectConnection(gateway.context, transport, dialect, undefined)
  await until(() => gateway.host.held.size === 1)
  const decoder = dialect.decoder({ maxPayload: 1_024, number: 5_000 })
  for (const hex of ['4d4301000003e800007df510b2', '4d4303000013890000f366f713', '4d4301010000000268' + '69']) {
    const messages: DialectMessage[] = []
    connection.received(messages, decoder.push(Buffer.from(hex, 'hex'), messages))
  }
  assert.equal(transport.bytes.toString('hex'), '4d4302000013880004a4f25614000003e9')
  await answer(gateway, gateway.appender.records[0], 'ok')
  assert.equal(transport.bytes.subarray(17).toString('hex'), '4d430101000000026f6b')
})
