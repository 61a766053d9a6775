import { randomUUID } from 'node:crypto'
import type { RenewEntry, RenewStatus, ResumeRequest, ResumeResult } from './sessions.ts'
import type { SessionState } from './sessions-embedded-state.ts'

/** Gives a session to a gateway under its next epoch. The token has been checked. */
export function takeOver(
  state: SessionState,
  { gateway, expiresAt, lastSeq, stored, waiting, attempt }: ResumeRequest,
): Extract<ResumeResult, { status: 'resumed' }> {
  const previousGateway = state.gateway
  const recovered = !state.isLost && lastSeq >= state.acknowledged && lastSeq <= state.seq
  state.isLost = !recovered
  state.seq = Math.max(state.seq, lastSeq) // numbers the client has seen are never given again
  state.acknowledge(lastSeq)
  state.epoch++
  if (attempt > 0) state.attempt = attempt
  state.gateway = gateway
  state.expiresAt = expiresAt
  const finishedAbove = state.marks.finishedAbove()
  moveStoredMark(state, stored, [...finishedAbove, ...waiting])
  const { incarnation, epoch, principal, seq, storedMark, storedCount, marks } = state
  return {
    status: 'resumed',
    incarnation,
    epoch,
    principal,
    seq,
    storedMark,
    storedCount,
    acknowledged: state.acknowledged,
    doneMark: marks.doneMark,
    finishedAbove,
    recovered,
    previousGateway,
  }
}

/** Takes over what the holder of a session tells, unless a newer epoch holds it. The incarnation has been checked. */
export function renew(state: SessionState, entry: RenewEntry): { status: RenewStatus; isChanged: boolean } {
  if (state.epoch !== entry.epoch) return { status: 'replaced', isChanged: false }
  if (state.seq < entry.highestSeq) {
    state.incarnation = randomUUID()
    state.isLost = true
    state.isRenamed = true
    state.seq = entry.highestSeq
    takeMark(state, entry)
    return { status: 'wentBack', isChanged: true }
  }
  let isChanged = state.acknowledge(entry.acknowledged)
  if (entry.greeted && state.isLost) {
    state.isLost = false
    isChanged = true
  }
  if (takeMark(state, entry)) isChanged = true
  if (entry.expiresAt !== 0 && entry.expiresAt !== state.expiresAt) {
    state.expiresAt = entry.expiresAt
    isChanged = true
  }
  return { status: 'ok', isChanged }
}

function takeMark(state: SessionState, { storedMark, storedCount }: RenewEntry): boolean {
  if (storedMark <= state.storedMark) return false
  state.storedMark = storedMark
  state.storedCount = storedCount
  return true
}

/**
 * To the mark that the client was told. Between it and the one known here: what is finished, and what the client waits for. Refused
 * numbers leave holes, so the difference of the marks says nothing; notifications among them are counted when they are finished.
 */
function moveStoredMark(state: SessionState, told: number, known: readonly number[]): void {
  const { marks, storedMark, storedCount, finished } = state
  const chained = marks.doneMark >= storedMark
  const from = chained ? marks.doneMark : storedMark
  const mark = Math.max(from, told)
  const between = new Set(known.filter(msgId => msgId > from && msgId <= mark))
  state.storedMark = mark
  state.storedCount = (chained ? finished - marks.above : storedCount) + between.size
}
