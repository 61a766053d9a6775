import assert from 'node:assert/strict'
import { bucketOf, encodeFrame, FrameType } from '@causeway/protocol'
import { uniqueName, unless } from '@causeway/testing'
import { type Effects, EMITS_WAITING, type Emit, SHARED_KEYS, type SharedWrite, type StateWrite } from './effects.ts'
import {
  answer,
  newSession,
  notified,
  type OnSessions,
  openSession,
  outboxOf,
  push,
  renewal,
  type SessionsCapabilities,
} from './fixture.conformance.ts'
import type { FinishEntry, FinishFinal, OpenSession, Sessions } from './sessions.ts'

const SERVICE = 'cart'
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString()
const statuses = async (sessions: Sessions, ...entries: FinishEntry[]) => (await sessions.finish(entries)).map(({ status }) => status)

/** An answer that takes effects with it. */
const effective = (entry: FinishFinal, effects: Partial<Effects>): FinishFinal => ({ ...entry, effects: { pushes: [], ...effects } })

const writes = (version: number, values: Record<string, string>, deletes: string[] = [], service = SERVICE): StateWrite => ({
  ...{ service, version, deletes },
  sets: Object.entries(values).map(([key, value]) => [key, Buffer.from(value)]),
})

const sourceOf = ({ session }: OpenSession, target = 'stock'): string => `~${SERVICE}~${session}~${target}`
const emitTo = (source: string, record: string): Emit => ({ source, bucket: bucketOf(source), record: Buffer.from(record) })
const emitting = (emits: readonly Emit[], expiresAt = Date.now() + 60_000): Partial<Effects> => ({
  emits: { ...{ service: SERVICE, principal: 'someone', expiresAt, emits }, incarnation: uniqueName('incarnation') },
})

async function stateOf(sessions: Sessions, { session, bucket }: OpenSession, service = SERVICE): Promise<[number, Record<string, string>]> {
  const [{ version, values }] = await sessions.states([{ service, session, bucket }])
  return [version, Object.fromEntries([...values].map(([key, value]) => [key, text(value)]))]
}

async function waitingOf(sessions: Sessions, { bucket }: OpenSession, limit = 100): Promise<[number, number, string][]> {
  return (await sessions.emits(SERVICE, bucket, limit)).map(({ msgId, prev, record }) => [msgId, prev, text(record)])
}

const NOTHING = [0, {}]

/** Pushes, state and emits: with their final, or not at all. */
export function effects(onSessions: OnSessions, capabilities: SessionsCapabilities): void {
  onSessions('take effect together: pushes before the answer, state, emits in their order', async ({ sessions }) => {
    const session = await openSession(sessions)
    const source = sourceOf(session)
    const pushes = ['one', 'two'].map(payload => encodeFrame({ type: FrameType.PUSH, payload }))
    const emits = emitting([emitTo(source, 'a'), emitTo(source, 'b')])
    const all = effective(answer(session, 1), { pushes, state: writes(0, { items: '["tea"]', 'é 2': 'x' }), ...emits })
    assert.deepEqual(await statuses(sessions, all), ['done'])
    assert.deepEqual(await outboxOf(sessions, session), [
      [1, 'one'],
      [2, 'two'],
      [3, 'answer 1'],
    ])
    assert.deepEqual(await stateOf(sessions, session), [1, { items: '["tea"]', 'é 2': 'x' }])
    assert.deepEqual(await waitingOf(sessions, session), [
      [1, 0, 'a'],
      [2, 1, 'b'],
    ])
  })

  onSessions('leave nothing where the message was finished before, or its session is gone', async ({ sessions }) => {
    const session = await openSession(sessions)
    const given = { pushes: [encodeFrame({ type: FrameType.PUSH, payload: 'late' })], state: writes(0, { a: '1' }) }
    const late = effective(answer(session, 1), { ...given, ...emitting([emitTo(sourceOf(session), 'late')]) })
    assert.deepEqual(await statuses(sessions, answer(session, 1), late), ['done', 'duplicate'])
    const stranger = newSession()
    const ofNobody = effective(answer(stranger, 1), { ...given, ...emitting([emitTo(sourceOf(stranger), 'late')]) })
    const ofAnother = { ...effective(answer(session, 2), given), incarnation: 'another' }
    assert.deepEqual(await statuses(sessions, ofNobody, ofAnother), ['expired', 'expired'])
    assert.deepEqual([await stateOf(sessions, session), await stateOf(sessions, stranger)], [NOTHING, NOTHING])
    assert.deepEqual([await waitingOf(sessions, session), await waitingOf(sessions, stranger)], [[], []])
    assert.deepEqual(await outboxOf(sessions, session), [[1, 'answer 1']])
  })

  onSessions('made twice take effect once', async ({ sessions }) => {
    const session = await openSession(sessions)
    const entry = effective(notified(session, 1), { state: writes(0, { n: '1' }), ...emitting([emitTo(sourceOf(session), 'once')]) })
    await sessions.finish([entry])
    assert.deepEqual(await statuses(sessions, entry), ['duplicate'])
    assert.deepEqual([await stateOf(sessions, session), await waitingOf(sessions, session)], [[1, { n: '1' }], [[1, 0, 'once']]])
  })

  onSessions('are a conflict where the state is another than the one read, and change nothing then', async ({ sessions }) => {
    const session = await openSession(sessions)
    await sessions.finish([effective(answer(session, 1), { state: writes(0, { n: '1' }) })])
    const stale = effective(answer(session, 2), { state: writes(0, { n: 'stale' }), ...emitting([emitTo(sourceOf(session), 'stale')]) })
    assert.deepEqual(await statuses(sessions, stale), ['conflict'])
    assert.deepEqual([await stateOf(sessions, session), await waitingOf(sessions, session)], [[1, { n: '1' }], []])
    assert.deepEqual(await outboxOf(sessions, session), [[1, 'answer 1']])
    const again = effective(answer(session, 2), { state: writes(1, { m: '2' }, ['n']) })
    assert.deepEqual(await statuses(sessions, again), ['done'])
    assert.deepEqual(await stateOf(sessions, session), [2, { m: '2' }])
  })

  onSessions('that only read are a conflict too, and raise no version', async ({ sessions }) => {
    const session = await openSession(sessions)
    const read = effective(answer(session, 1), { state: writes(0, {}), ...emitting([emitTo(sourceOf(session), 'a')]) })
    assert.deepEqual(await statuses(sessions, read, effective(answer(session, 2), { state: writes(1, {}) })), ['done', 'conflict'])
    assert.deepEqual(await stateOf(sessions, session), NOTHING)
  })

  onSessions('of a message that is to be handled again leave it parked', async ({ sessions }) => {
    const session = await openSession(sessions)
    const unpark = { service: SERVICE, token: 'nobody' }
    const [stale] = await sessions.finish([{ ...effective(answer(session, 1), { state: writes(7, {}) }), unpark }])
    assert.deepEqual(stale, { status: 'conflict' })
  })

  onSessions('keep the state of each session and service apart, and lose it with the session', async ({ sessions }) => {
    const [one, two] = [await openSession(sessions), await openSession(sessions)]
    await sessions.finish([
      effective(answer(one, 1), { state: writes(0, { of: 'one' }) }),
      effective(answer(one, 2), { state: writes(0, { of: 'another service' }, [], 'twin') }),
      effective(answer(two, 1), { state: writes(0, { of: 'two' }) }),
    ])
    const of = await sessions.states([
      { ...one, service: 'twin' },
      { ...two, service: SERVICE },
      { ...one, service: SERVICE },
      { ...one, service: 'nobody' },
    ])
    assert.deepEqual(
      of.map(({ values }) => text(values.get('of') ?? Buffer.from('-'))),
      ['another service', 'two', 'one', '-'],
    )
    await sessions.end(one.session, one.bucket, 1)
    await sessions.renew([renewal(two, { expiresAt: Date.now() - 1 })])
    await sessions.sweep(Date.now())
    await sessions.open([one, two])
    for (const session of [one, two]) assert.deepEqual(await stateOf(sessions, session), NOTHING)
    assert.deepEqual(await stateOf(sessions, one, 'twin'), NOTHING)
  })

  onSessions('number the emits of each source, whose marks are those of any session', async ({ sessions }) => {
    const session = await openSession(sessions)
    const [stock, mail] = [sourceOf(session), sourceOf(session, 'mail')]
    await sessions.finish([effective(notified(session, 1), emitting([emitTo(stock, 's1'), emitTo(mail, 'm1')]))])
    await sessions.finish([effective(notified(session, 2), emitting([emitTo(stock, 's2')]))])
    const waiting = await sessions.emits(SERVICE, session.bucket, 100)
    const told = waiting.map(({ msgId, prev, record }) => [msgId, prev, text(record)])
    assert.deepEqual(told, [
      [1, 0, 's1'],
      [1, 0, 'm1'],
      [2, 1, 's2'],
    ])
    const { incarnation } = waiting[0]
    assert.equal(waiting[2].incarnation, incarnation)
    const from: OpenSession = { ...newSession(), session: stock, bucket: bucketOf(stock), incarnation }
    assert.deepEqual(await statuses(sessions, notified(from, 1), notified(from, 1), notified(from, 2)), ['done', 'duplicate', 'done'])
    const mark = { session: stock, bucket: from.bucket, incarnation }
    assert.deepEqual(
      await sessions.marks([
        { ...mark, msgId: 2 },
        { ...mark, msgId: 3 },
      ]),
      ['finished', 'fresh'],
    )
    const { gateway, epoch, accepted, finished } = (await sessions.info(stock, from.bucket))!
    assert.deepEqual({ gateway, epoch, accepted, finished }, { gateway: '', epoch: 1, accepted: 2, finished: 2 })
  })

  onSessions('balance the ledger: an emit is accepted where it comes to its end, or expires there', async ({ sessions }) => {
    const session = await openSession(sessions)
    const source = sourceOf(session)
    const before = await sessions.ledger()
    await sessions.finish([effective(notified(session, 1), emitting([emitTo(source, 'a'), emitTo(source, 'b')]))])
    const [{ incarnation }] = await sessions.emits(SERVICE, session.bucket, 1)
    await sessions.finish([notified({ ...newSession(), session: source, bucket: bucketOf(source), incarnation }, 1)])
    const after = await sessions.ledger()
    assert.deepEqual([after.accepted - before.accepted, after.ended.notified - before.ended.notified], [2, 2])
    assert.equal(
      after.inFlight.reduce((sum, of) => sum + of, 0),
      before.inFlight.reduce((sum, of) => sum + of, 0),
    )
  })

  onSessions('are taken away when they are relayed, and no others', async ({ sessions }) => {
    const session = await openSession(sessions)
    const source = sourceOf(session)
    await sessions.finish([effective(notified(session, 1), emitting(['a', 'b', 'c'].map(each => emitTo(source, each))))])
    const [first, second] = await sessions.emits(SERVICE, session.bucket, 2)
    assert.deepEqual(await sessions.emitsWaiting(SERVICE, [session.bucket, (session.bucket + 1) % 256]), [3, 0])
    await sessions.relayed(SERVICE, session.bucket, [first.id, second.id])
    await sessions.relayed(SERVICE, session.bucket, [first.id])
    assert.deepEqual(await waitingOf(sessions, session), [[3, 2, 'c']])
    assert.deepEqual(await sessions.emitsWaiting(SERVICE, [session.bucket]), [1])
  })

  onSessions('keep what all sessions of a service share, with a version of each key', async ({ sessions }) => {
    const [one, two] = [await openSession(sessions), await openSession(sessions)]
    const service = uniqueName('shop').replaceAll('_', '-')
    const shares = (given: Partial<SharedWrite>): Partial<Effects> => ({ shared: { service, reads: [], sets: [], deletes: [], ...given } })
    const set = (key: string, value: string): [string, Uint8Array] => [key, Buffer.from(value)]
    const read = async () =>
      (await sessions.shared(service, ['price', 'none'])).map(({ version, value }) => [version > 0, value && text(value)])
    assert.deepEqual(await read(), [
      [false, undefined],
      [false, undefined],
    ])
    assert.deepEqual(await statuses(sessions, effective(answer(one, 1), shares({ reads: [['price', 0]], sets: [set('price', '1')] }))), [
      'done',
    ])
    const [{ version }] = await sessions.shared(service, ['price'])
    // both have read the same: one of them is a conflict
    const both = [one, two].map((session, index) =>
      effective(answer(session, index === 0 ? 2 : 1), shares({ reads: [['price', version]], sets: [set('price', `of ${index}`)] })),
    )
    assert.deepEqual(await statuses(sessions, ...both), ['done', 'conflict'])
    assert.deepEqual(await read(), [
      [true, 'of 0'],
      [false, undefined],
    ])
    const [after] = await sessions.shared(service, ['price'])
    assert.ok(after.version > version)
    // what was deleted and set again is another version; what was not read is written over
    await sessions.finish([effective(answer(one, 3), shares({ deletes: ['price'] }))])
    await sessions.finish([effective(answer(one, 4), shares({ sets: [set('price', 'again')] }))])
    const stale = effective(answer(two, 1), shares({ reads: [['price', after.version]] }))
    assert.deepEqual(await statuses(sessions, stale), ['conflict'])
    await sessions.end(one.session, one.bucket, 1)
    assert.deepEqual((await read())[0], [true, 'again'])
  })

  onSessions('share so many keys, and no more', async ({ sessions }) => {
    const session = await openSession(sessions)
    const service = uniqueName('full').replaceAll('_', '-')
    const sets = Array.from({ length: SHARED_KEYS }, (_, n): [string, Uint8Array] => [`${n}`, Buffer.of(1)])
    const shares = (given: SharedWrite['sets']): Partial<Effects> => ({ shared: { service, reads: [], sets: given, deletes: [] } })
    const all = effective(notified(session, 1), shares(sets))
    const more = effective(notified(session, 2), shares([['more', Buffer.of(1)]]))
    const again = effective(notified(session, 3), shares(sets.slice(0, 10)))
    assert.deepEqual(await statuses(sessions, all, more, again), ['done', 'sharedFull', 'done'])
  })

  onSessions('without a source are kept in their order, and numbered by nobody', async ({ sessions }) => {
    const session = await openSession(sessions)
    const emits = ['a', 'b'].map(record => ({ source: '', bucket: 0, record: Buffer.from(record) }))
    await sessions.finish([effective(notified(session, 1), emitting(emits))])
    assert.deepEqual(await waitingOf(sessions, session), [
      [0, 0, 'a'],
      [0, 0, 'b'],
    ])
    assert.equal(await sessions.info('', 0), undefined)
  })

  onSessions('make a source anew once it has ended, under another incarnation', async ({ sessions }) => {
    const session = await openSession(sessions)
    const source = sourceOf(session)
    await sessions.finish([effective(notified(session, 1), emitting([emitTo(source, 'a')], Date.now() - 1))])
    assert.deepEqual(
      (await sessions.sweep(Date.now())).map(({ session }) => session),
      [source],
    )
    await sessions.finish([effective(notified(session, 2), emitting([emitTo(source, 'b')]))])
    const [before, after] = await sessions.emits(SERVICE, session.bucket, 2)
    assert.deepEqual([before.msgId, after.msgId], [1, 1])
    assert.notEqual(before.incarnation, after.incarnation)
  })

  onSessions('are refused whole where the outbox of emits, or of the session, is full', async ({ sessions }) => {
    const session = await openSession(sessions)
    const source = sourceOf(session)
    const many = Array.from({ length: EMITS_WAITING / 10 }, () => emitTo(source, 'x'))
    for (let msgId = 1; msgId <= 10; msgId++) await sessions.finish([effective(notified(session, msgId), emitting(many))])
    const more = effective(answer(session, 11), { state: writes(0, { a: '1' }), ...emitting([emitTo(source, 'one more')]) })
    assert.deepEqual(await statuses(sessions, more), ['emitsFull'])
    const pushed = Array.from({ length: 4_096 }, (_, n) => push(session, `${n}`))
    await sessions.finish(pushed)
    const pushing = { pushes: [encodeFrame({ type: FrameType.PUSH, payload: 'no room' })], state: writes(0, { a: '1' }) }
    assert.deepEqual(await statuses(sessions, effective(answer(session, 11), pushing)), ['outboxFull'])
    assert.deepEqual(await stateOf(sessions, session), NOTHING)
    assert.deepEqual(await statuses(sessions, answer(session, 11)), ['done'])
  })

  onSessions(
    'are there when the store is opened again',
    async opened => {
      const session = await openSession(opened.sessions)
      const source = sourceOf(session)
      const given = { state: writes(0, { a: '1', b: '2' }), ...emitting([emitTo(source, 'a'), emitTo(source, 'b')]) }
      const shared = { service: source, reads: [], sets: [['a', Buffer.from('1')] as const], deletes: [] }
      await opened.sessions.finish([effective(notified(session, 1), { ...given, shared })])
      const [kept] = await opened.sessions.shared(source, ['a'])
      const [first] = await opened.sessions.emits(SERVICE, session.bucket, 1)
      await opened.sessions.relayed(SERVICE, session.bucket, [first.id])
      const sessions = await opened.reopen!()
      assert.deepEqual(await stateOf(sessions, session), [1, { a: '1', b: '2' }])
      assert.deepEqual(await sessions.shared(source, ['a']), [kept])
      await sessions.finish([effective(notified(session, 2), { state: writes(1, {}, ['a']), ...emitting([emitTo(source, 'c')]) })])
      assert.deepEqual(await stateOf(sessions, session), [2, { b: '2' }])
      assert.deepEqual(await waitingOf(sessions, session), [
        [2, 1, 'b'],
        [3, 2, 'c'],
      ])
    },
    unless(capabilities.reopens),
  )
}
