import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { encodeFrame, Flag, FrameType, frameSeq, MAX_AHEAD, OUTBOX_MESSAGES } from '@causeway/protocol'
import { HELD_DELIVERIES } from './limits.ts'
import { endedBy, GatewaySession, type Pending } from './session.ts'

const WINDOW = 4
const BYTES = 1_000

const sessionOf = (finishedBefore: number[] = []) =>
  new GatewaySession({ id: 's', bucket: 0, incarnation: 'i', epoch: 1, principal: '' }, finishedBefore)

function admitted(session: GatewaySession, msgId: number, changes: Partial<Pending> = {}): Pending {
  const pending = {
    ...{
      msgId,
      prev: session.lastAdmitted,
      service: 'orders',
      request: true,
      bytes: 10,
      deadline: Number.POSITIVE_INFINITY,
      admittedAt: 0,
    },
    ...{ stored: false, ending: false, ...changes },
  }
  session.admit(pending)
  return pending
}

const hasRoom = (session: GatewaySession, msgId: number, bytes = 10) => session.hasRoom(msgId, bytes, WINDOW, BYTES)

describe("a session's window", () => {
  test('has room for so many messages, and again once one is settled', () => {
    const session = sessionOf()
    for (const msgId of [1, 2, 3, 4]) {
      assert.ok(hasRoom(session, msgId))
      admitted(session, msgId)
    }
    assert.equal(hasRoom(session, 5), false)
    session.settle(2)
    assert.ok(hasRoom(session, 5))
  })

  test('has room for so many bytes, but for a first message whatever its size', () => {
    const session = sessionOf()
    assert.ok(hasRoom(session, 1, BYTES * 5))
    admitted(session, 1, { bytes: 900 })
    assert.ok(hasRoom(session, 2, 100))
    assert.equal(hasRoom(session, 2, 101), false)
    session.settle(1)
    assert.equal(session.unfinishedBytes, 0)
  })

  test(`goes at most ${MAX_AHEAD} numbers beyond the oldest unfinished`, () => {
    const session = sessionOf()
    admitted(session, 10)
    admitted(session, 11)
    assert.ok(hasRoom(session, 10 + MAX_AHEAD - 1))
    assert.equal(hasRoom(session, 10 + MAX_AHEAD), false)
    session.settle(10)
    assert.ok(hasRoom(session, 10 + MAX_AHEAD))
  })

  test('shrinks to nothing while the client acknowledges no deliveries', () => {
    const session = sessionOf()
    session.highestSeq = OUTBOX_MESSAGES
    assert.equal(hasRoom(session, 1), false)
    session.acknowledged = 1
    assert.ok(hasRoom(session, 1))
  })
})

describe('a hole in the numbers that its client was told of', () => {
  const afterJump = (): GatewaySession => {
    const session = sessionOf()
    Object.assign(session, { acknowledged: 2, nextSeq: 3, highestSeq: 1_048_579, lostUpTo: 1_048_579 })
    session.takeKept(3, encodeFrame({ type: FrameType.PUSH }))
    session.passHole()
    return session
  }

  test('takes no room in the window, neither before nor after what came first is acknowledged', () => {
    const session = afterJump()
    assert.deepEqual([session.unacknowledged, session.nextSeq, hasRoom(session, 1)], [1, 1_048_580, true])
    session.acknowledged = 3
    assert.deepEqual([session.unacknowledged, hasRoom(session, 1)], [0, true])
  })

  test('is passed for good with what follows it', () => {
    const session = afterJump()
    session.take(1_048_580, encodeFrame({ type: FrameType.PUSH }))
    assert.deepEqual([session.highestSeq, session.unacknowledged], [1_048_580, 2])
    session.acknowledged = 1_048_580
    assert.equal(session.unacknowledged, 0)
  })
})

describe('the stored mark of a session', () => {
  test('moves over what the log has, never past what it has not', () => {
    const session = sessionOf()
    const [first, second, third] = [1, 2, 5].map(msgId => admitted(session, msgId))
    session.stored(third)
    session.stored(second)
    assert.equal(session.storedMark, 0)
    session.stored(first)
    assert.equal(session.storedMark, 5)
  })

  test('moves over a message that was answered before the log said so', () => {
    const session = sessionOf()
    const [first, second] = [1, 2].map(msgId => admitted(session, msgId))
    session.settle(1)
    session.stored(first)
    session.stored(second)
    assert.equal(session.storedMark, 2)
  })

  test('holds over thousands of messages', () => {
    const session = sessionOf()
    const pendings = Array.from({ length: 10_000 }, (_, index) => admitted(session, index + 1))
    for (const pending of pendings.slice(0, 9_999)) session.stored(pending)
    assert.equal(session.storedMark, 9_999)
    session.stored(pendings[9_999])
    assert.equal(session.storedMark, 10_000)
  })
})

describe('the deadlines of a session', () => {
  test('pass once for each message, and the next one is known', () => {
    const session = sessionOf()
    admitted(session, 1, { deadline: 300 })
    admitted(session, 2, { deadline: 100 })
    admitted(session, 3)
    assert.equal(session.earliestDeadline, 100)
    assert.deepEqual(session.takeExpired(99), [])
    assert.deepEqual(
      session.takeExpired(100).map(pending => pending.msgId),
      [2],
    )
    assert.deepEqual([session.takeExpired(200), session.earliestDeadline], [[], 300])
    assert.deepEqual(
      session.takeExpired(300).map(pending => pending.msgId),
      [1],
    )
    assert.equal(session.earliestDeadline, Number.POSITIVE_INFINITY)
  })

  test('are none once all is settled', () => {
    const session = sessionOf()
    admitted(session, 1, { deadline: 100 })
    session.settle(1)
    assert.equal(session.earliestDeadline, Number.POSITIVE_INFINITY)
    assert.equal(session.settle(1), undefined)
  })
})

const delivery = () => encodeFrame({ type: FrameType.PUSH, payload: 'x' })
const taken = (session: GatewaySession, ...seqs: number[]) => seqs.map(seq => session.take(seq, delivery()).gap)
const outgoing = (session: GatewaySession) => session.outgoing.map(frameSeq)

describe('the deliveries of a session', () => {
  test('are written in order, each with its number', () => {
    const session = sessionOf()
    assert.deepEqual(taken(session, 1, 2, 3), [false, false, false])
    assert.deepEqual([outgoing(session), session.nextSeq], [[1, 2, 3], 4])
  })

  test('are not written twice', () => {
    const session = sessionOf()
    taken(session, 1, 2, 1, 2)
    assert.deepEqual(outgoing(session), [1, 2])
  })

  test('behind a gap are held, and follow when it is filled', () => {
    const session = sessionOf()
    assert.deepEqual(taken(session, 1, 3, 4), [false, true, true])
    assert.deepEqual([outgoing(session), session.highestSeq], [[1], 4])
    taken(session, 2)
    assert.deepEqual(outgoing(session), [1, 2, 3, 4])
  })

  test('that come while the outbox is read wait for its end', () => {
    const session = sessionOf()
    session.catchingUp = true
    assert.deepEqual(taken(session, 1, 3), [false, false])
    assert.deepEqual(outgoing(session), [])
    session.takeKept(1, delivery())
    session.takeKept(2, delivery())
    assert.deepEqual(outgoing(session), [1, 2])
    assert.equal(session.fillGap(0), 'whole')
    assert.deepEqual(outgoing(session), [1, 2, 3])
  })

  test('say that there is still a gap where the outbox had less than came meanwhile', () => {
    const session = sessionOf()
    session.catchingUp = true
    taken(session, 3)
    session.takeKept(1, delivery())
    assert.equal(session.fillGap(0), 'again')
  })

  test('are lost where the gap stood before the outbox was read, unless the client was told at its resume', () => {
    const gapped = (): GatewaySession => {
      const session = sessionOf()
      taken(session, 3)
      session.catchingUp = true
      return session
    }
    assert.equal(gapped().fillGap(3), 'lost')
    const told = gapped()
    told.lostUpTo = 2
    assert.equal(told.fillGap(3), 'whole')
    assert.deepEqual(outgoing(told), [3])
  })

  test(`are held up to ${HELD_DELIVERIES}; the outbox has the rest`, () => {
    const session = sessionOf()
    for (let seq = 2; seq <= HELD_DELIVERIES + 10; seq++) taken(session, seq)
    taken(session, 1)
    assert.equal(session.nextSeq, HELD_DELIVERIES + 2)
    assert.equal(session.highestSeq, HELD_DELIVERIES + 10)
  })

  test('that a client passed by unread begin again at the first of them', () => {
    const session = sessionOf()
    taken(session, 1, 2, 3)
    const passed = session.outgoing.splice(1)
    session.passBy(passed)
    assert.deepEqual([session.missed, session.nextSeq], [true, 2])
    assert.deepEqual(taken(session, 4), [false])
    assert.equal(session.nextSeq, 2)
  })
})

describe('a delivery', () => {
  const ends = (type: number, flags = 0) => endedBy(encodeFrame({ type, flags, msgId: 7 }))

  test('ends its message as the last RESPONSE or as an ERROR, not as a chunk or a push', () => {
    assert.equal(ends(FrameType.RESPONSE), 7)
    assert.equal(ends(FrameType.ERROR), 7)
    assert.equal(ends(FrameType.RESPONSE, Flag.MORE), 0)
    assert.equal(ends(FrameType.PUSH), 0)
  })
})

describe('a message that was finished before the resume and comes again', () => {
  test('is covered by the stored mark once all before it are stored', () => {
    const session = sessionOf([4])
    const second = admitted(session, 2)
    session.lastMsgId = 2
    session.storedBefore(4)
    assert.deepEqual([session.storedMark, session.lastMsgId, session.lastAdmitted], [0, 4, 4])
    session.stored(second)
    assert.deepEqual([session.storedMark, session.storedCount], [4, 2])
  })

  test('alone moves the mark at once', () => {
    const session = sessionOf([7])
    session.storedBefore(7)
    assert.deepEqual([session.storedMark, session.finishedBefore.size], [7, 0])
  })
})
