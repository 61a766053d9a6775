import type { Context } from '../context.ts'
import { FULL_AGAIN_MS, PLACE_WAIT_MS } from '../limits.ts'
import { unlessAborted } from '../unless-aborted.ts'
import type { Gate } from './gate.ts'
import { NotNow } from './not-now.ts'

export const placeTaken = (what: string): NotNow => new NotNow(FULL_AGAIN_MS * (1 + Math.random()), `all places of ${what} are taken`)

/** A place in a gate that is full, waited for in the handler's stead: its time-out begins afterwards. Rejects with NotNow after PLACE_WAIT_MS, or where the signal ends. */
export async function enterLater(gate: Gate, what: string, ctx: Context, returning: boolean): Promise<void> {
  const until = performance.now() + PLACE_WAIT_MS
  ctx.waiting = true
  try {
    while (!gate.enter()) await called(gate, what, ctx.signal, until - performance.now(), returning)
  } finally {
    ctx.waiting = false
  }
}

async function called(gate: Gate, what: string, signal: AbortSignal, waitMs: number, returning: boolean): Promise<void> {
  const room = Promise.withResolvers<void>()
  let isCalled = false
  const callOff = gate.wait(() => {
    isCalled = true
    room.resolve()
    return true
  }, returning)
  const timer = setTimeout(() => room.reject(placeTaken(what)), waitMs)
  try {
    await unlessAborted(room.promise, signal)
  } catch {
    callOff()
    if (isCalled) gate.callNext()
    throw placeTaken(what)
  } finally {
    clearTimeout(timer)
  }
}
