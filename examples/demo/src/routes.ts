import { appendFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { bytes, message, Reject } from '@causeway/consumers'
import { z } from 'zod'

/** Answers the payload, byte for byte. */
export const echo = message('echo', { opcode: 1, input: bytes }).handle(payload => payload)

/** Always throws: three attempts, 50 ms apart, then a dead letter. */
export const fail = message('demo.fail', { opcode: 2, input: bytes, retry: { attempts: 3, min: 50, max: 50, jitter: 0 } }).handle(() => {
  throw new Error('demo.fail always fails')
})

/** Throws while ctx.attempt ≤ failures, then answers {attempt}. */
export const flaky = message('demo.flaky', {
  opcode: 3,
  input: z.object({ key: z.string().optional(), failures: z.int().min(0) }),
  output: z.object({ attempt: z.int() }),
  retry: { attempts: 10, min: 50, max: 50, jitter: 0 },
}).handle(({ failures }, ctx) => {
  if (ctx.attempt <= failures) throw new Error(`demo.flaky fails ${failures} times; this was attempt ${ctx.attempt}`)
  return { attempt: ctx.attempt }
})

/** Answers {ms} after that long. */
export const slow = message('demo.slow', {
  opcode: 4,
  input: z.object({ ms: z.number().min(0).max(3_600_000) }),
  output: z.object({ ms: z.number() }),
}).handle(async ({ ms }, ctx) => {
  await sleep(ms, undefined, { signal: ctx.signal })
  return { ms }
})

/** A stream of {n} from 1 to `to`. */
export const count = message('demo.count', {
  opcode: 5,
  input: z.object({ to: z.int().min(0).max(1_000_000), everyMs: z.number().min(0).max(60_000).optional() }),
  output: z.object({ n: z.int() }),
}).handle(async function* ({ to, everyMs }, ctx) {
  for (let n = 1; n <= to; n++) {
    if (n > 1 && everyMs) await sleep(everyMs, undefined, { signal: ctx.signal })
    yield { n }
  }
})

/** Pushes to a channel or to a session, its own if it says nothing else. */
export const push = message('demo.push', {
  opcode: 6,
  input: z.object({ session: z.string().optional(), channel: z.string().optional(), payload: z.unknown() }),
  output: z.object({ pushed: z.literal(true) }),
}).handle(async ({ session, channel, payload }, ctx) => {
  await ctx.push(channel === undefined ? (session ?? ctx.session) : { channel }, payload)
  return { pushed: true as const }
})

/** Answers REJECTED. */
export const rejected = message('demo.reject', { opcode: 7, input: bytes }).handle(() => {
  throw new Reject('demo.reject rejects everything')
})

/** Appends one JSON line to the file that CAUSEWAY_DEMO_JOURNAL names, then answers {n: msgId}: for checking order and repeats from outside. */
export const journal = message('demo.journal', { opcode: 8 }).handle(async (payload, ctx) => {
  const file = process.env.CAUSEWAY_DEMO_JOURNAL
  if (file !== undefined && file !== '') await appendFile(file, `${JSON.stringify({ session: ctx.session, msgId: ctx.msgId, payload })}\n`)
  return { n: ctx.msgId }
})
