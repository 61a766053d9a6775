import { timingSafeEqual } from 'node:crypto'
import type { Socket } from 'node:net'

/** What came of waiting for a first frame. */
export type FirstFrame = { verdict: 'right'; rest: Buffer } | { verdict: 'wrong' | 'late' }

/**
 * Waits for the bytes that let a client speak (`auth.firstFrame`): right, with what came behind them; wrong, once as many have come; or late. How long it
 * takes says nothing about how many of them were right. Nothing is told where the socket ends before.
 */
export function expectFirstFrame(socket: Socket, secret: Uint8Array, timeoutMs: number, done: (result: FirstFrame) => void): void {
  let received: Buffer = Buffer.alloc(0)
  const settle = (result: FirstFrame): void => {
    clearTimeout(timer)
    socket.off('data', onData)
    done(result)
  }
  const timer = setTimeout(() => settle({ verdict: 'late' }), timeoutMs)
  socket.once('close', () => clearTimeout(timer))
  const onData = (chunk: Buffer): void => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk])
    if (received.length < secret.length) return
    const right = timingSafeEqual(received.subarray(0, secret.length), secret)
    settle(right ? { verdict: 'right', rest: received.subarray(secret.length) } : { verdict: 'wrong' })
  }
  socket.on('data', onData)
}
