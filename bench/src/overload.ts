import { CausewayError, type Client, connect } from '@causeway/client'

export interface OverloadLoad {
  port: number
  sessions: number
  /** Requests a second, of all sessions together. */
  rate: number
  /** What each occupies a handler for, ms. */
  handlerMs: number
  /** What each may take, ms. */
  timeoutMs: number
  seconds: number
}

export interface OverloadResult {
  /** Answers a second, the first second included, in which nobody knows yet that it is too much. */
  goodput: number
  /** By code; what is not sent or not ended by the end is in none. */
  failed: Record<string, number>
}

/** How often requests are sent, ms. */
const TICK_MS = 10
/** Beyond their time-out, what the last requests may take to end, ms. */
const GRACE_MS = 2_000

/** Offers requests at a pace, whatever becomes of them, and counts how each ends. */
export async function overload({ port, sessions, rate, handlerMs, timeoutMs, seconds }: OverloadLoad): Promise<OverloadResult> {
  const clients = await Promise.all(Array.from({ length: sessions }, () => connect(`tcp://127.0.0.1:${port}`)))
  const failed: Record<string, number> = {}
  let answered = 0
  const ask = async (client: Client): Promise<void> => {
    try {
      await client.request('demo.slow', { ms: handlerMs }, { timeout: timeoutMs })
      answered++
    } catch (error) {
      const code = error instanceof CausewayError ? error.code : String(error)
      failed[code] = (failed[code] ?? 0) + 1
    }
  }
  const from = performance.now()
  let sent = 0
  const offer = (): void => {
    const due = ((performance.now() - from) / 1_000) * rate
    while (sent < due) void ask(clients[sent++ % sessions])
  }
  const pacing = setInterval(offer, TICK_MS)
  try {
    await new Promise(resolve => setTimeout(resolve, seconds * 1_000))
    clearInterval(pacing)
    const inTime = answered
    const end = performance.now() + timeoutMs + GRACE_MS
    const ended = (): number => answered + Object.values(failed).reduce((sum, each) => sum + each, 0)
    while (ended() < sent && performance.now() < end) await new Promise(resolve => setTimeout(resolve, TICK_MS))
    return { goodput: inTime / seconds, failed: { ...failed } }
  } finally {
    clearInterval(pacing)
    await Promise.all(clients.map(client => client.close()))
  }
}
