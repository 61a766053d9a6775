import assert from 'node:assert/strict'
import { encodeFrame, FrameType } from '@causeway/protocol'
import { uniqueName, unless, until } from '@causeway/testing'
import {
  answer,
  chunk,
  notified,
  type OnSessions,
  openSession,
  push,
  recordingGateway,
  resumed,
  resumption,
  type SessionsCapabilities,
} from './fixture.conformance.ts'

/** Makes some 40 KB of a few letters. */
const LARGE_REPEATS = 4_000

/** Deliveries reach the gateway that has the session now, and a gateway that missed some is told. */
export function waking(onSessions: OnSessions, capabilities: SessionsCapabilities): void {
  onSessions('hands deliveries to the gateway that holds the session, in seq order, then says flush', async ({ sessions }) => {
    const gateway = uniqueName('gateway')
    const { handlers, events, flushedEvents } = recordingGateway()
    const listening = await sessions.listen(gateway, handlers)
    const session = await openSession(sessions, gateway)
    await sessions.finish([
      answer(session, 1),
      push(session, 'pushed'),
      notified(session, 2),
      chunk(session, 3, 'run', 0),
      answer(session, 1),
    ])
    await until(() => flushedEvents() === 4)
    const id = session.session
    assert.deepEqual(
      events.filter(event => !event.includes('finished')),
      [`${id} 1 answer 1`, `${id} 2 pushed`, `${id} 3 chunk 0`],
    )
    assert.deepEqual(
      events.filter(event => event.includes('finished')),
      [`${id} finished 2`],
    )
    await listening.close()
  })

  onSessions('hands each gateway its own sessions, of many in one call', async ({ sessions }) => {
    const gateways = [uniqueName('gateway'), uniqueName('gateway')] as const
    const recorded = [recordingGateway(), recordingGateway()] as const
    const listening = await Promise.all(gateways.map((gateway, index) => sessions.listen(gateway, recorded[index]!.handlers)))
    const held = await Promise.all(Array.from({ length: 40 }, (_, index) => openSession(sessions, gateways[index % 2])))
    await sessions.finish(held.map(session => answer(session, 1)))
    await until(() => recorded.every(({ flushedEvents }) => flushedEvents() === 20))
    for (const [index, { events }] of recorded.entries())
      assert.deepEqual(
        events.toSorted(),
        held
          .filter((_, at) => at % 2 === index)
          .map(({ session }) => `${session} 1 answer 1`)
          .toSorted(),
      )
    for (const each of listening) await each.close()
  })

  onSessions(
    'hands large frames over as they are: with small ones, pushes of handlers and ends among them, to whom has most and to whom has few',
    async ({ sessions }) => {
      const gateways = [uniqueName('gateway'), uniqueName('gateway')] as const
      const recorded = [recordingGateway(), recordingGateway()] as const
      const listening = await Promise.all(gateways.map((gateway, index) => sessions.listen(gateway, recorded[index]!.handlers)))
      const mostHere = await Promise.all(Array.from({ length: 3 }, () => openSession(sessions, gateways[0])))
      const few = await openSession(sessions, gateways[1])
      const large = (text: string): string => text.repeat(LARGE_REPEATS)
      const pushes = ['before', large('before ')].map(payload => encodeFrame({ type: FrameType.PUSH, payload }))
      await sessions.finish([
        ...mostHere.flatMap((session, index) => [
          push(session, large(`pushed ${index} `)),
          { ...answer(session, 1), effects: { pushes } },
          notified(session, 2),
          answer(session, 3),
        ]),
        push(few, 'small'),
        answer(few, 1),
      ])
      await until(() => recorded[0].flushedEvents() === 18 && recorded[1].flushedEvents() === 2)
      const { events } = recorded[0]
      for (const [index, { session }] of mostHere.entries())
        assert.deepEqual(
          events.filter(event => event.startsWith(session) && !event.includes('finished')),
          [large(`pushed ${index} `), 'before', large('before '), 'answer 1', 'answer 3'].map((text, at) => `${session} ${at + 1} ${text}`),
        )
      assert.equal(events.filter(event => event.endsWith(' finished 2')).length, mostHere.length)
      assert.deepEqual(recorded[1].events, [`${few.session} 1 small`, `${few.session} 2 answer 1`])
      for (const each of listening) await each.close()
    },
  )

  onSessions('tells the gateway that a session left, and wakes the one it came to', async ({ sessions }) => {
    const [before, now] = [recordingGateway(), recordingGateway()]
    const [oldGateway, newGateway] = [uniqueName('gateway'), uniqueName('gateway')]
    const listening = [await sessions.listen(oldGateway, before.handlers), await sessions.listen(newGateway, now.handlers)]
    const session = await openSession(sessions, oldGateway)
    const { epoch, previousGateway } = await resumed(sessions, resumption(session, { gateway: newGateway }))
    assert.equal(previousGateway, oldGateway)
    await until(() => before.events.length === 1)
    assert.deepEqual(before.events, [`${session.session} replaced ${epoch}`])
    await sessions.finish([answer(session, 1)])
    await until(() => now.flushedEvents() === 1)
    assert.deepEqual(now.events, [`${session.session} 1 answer 1`])
    assert.equal(before.events.length, 1)
    for (const each of listening) await each.close()
  })

  onSessions('does not say replaced to a gateway that resumes its own session', async ({ sessions }) => {
    const gateway = uniqueName('gateway')
    const { handlers, events, flushedEvents } = recordingGateway()
    const listening = await sessions.listen(gateway, handlers)
    const session = await openSession(sessions, gateway)
    await resumed(sessions, resumption(session, { gateway }))
    await sessions.finish([answer(session, 1)])
    await until(() => flushedEvents() >= 1)
    assert.deepEqual(events, [`${session.session} 1 answer 1`])
    await listening.close()
  })

  onSessions('hands nothing over once listening has ended', async ({ sessions }) => {
    const gateway = uniqueName('gateway')
    const [ended, other] = [recordingGateway(), recordingGateway()]
    const otherGateway = uniqueName('gateway')
    const listening = await sessions.listen(gateway, ended.handlers)
    const stays = await sessions.listen(otherGateway, other.handlers)
    const [silent, heard] = [await openSession(sessions, gateway), await openSession(sessions, otherGateway)]
    await listening.close()
    await sessions.finish([answer(silent, 1), answer(heard, 1)])
    await until(() => other.flushedEvents() === 1)
    assert.deepEqual(ended.events, [])
    await stays.close()
  })

  onSessions('lets a frame that was handed over be patched without harm to the outbox', async ({ sessions }) => {
    const gateway = uniqueName('gateway')
    const { handlers, flushedEvents } = recordingGateway()
    const scribbling = {
      ...handlers,
      deliver: (id: string, seq: number, frame: Uint8Array) => {
        handlers.deliver(id, seq, frame)
        frame.fill(0xff, 12, 16)
      },
    }
    const listening = await sessions.listen(gateway, scribbling)
    const session = await openSession(sessions, gateway)
    await sessions.finish([answer(session, 1), answer(session, 2)])
    await until(() => flushedEvents() === 2)
    const { deliveries } = await sessions.outbox({ session: session.session, bucket: session.bucket, above: 0 }, 10)
    assert.deepEqual(
      deliveries.map(({ seq, frame }) => [seq, frame[12] === 0xff]),
      [
        [1, false],
        [2, false],
      ],
    )
    await listening.close()
  })

  onSessions(
    'says lost after a missed batch, within half a second of the next',
    async ({ sessions, loseWakeUps }) => {
      const gateway = uniqueName('gateway')
      const { handlers, timesLost } = recordingGateway()
      const listening = await sessions.listen(gateway, handlers)
      const session = await openSession(sessions, gateway)
      await loseWakeUps!(gateway)
      await sessions.finish([answer(session, 1)])
      await until(() => timesLost() >= 1, { timeoutMs: 3_000, what: 'lost()' })
      await listening.close()
    },
    unless(capabilities.losesWakeUps),
  )
}
