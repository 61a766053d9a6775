import { appendFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { message, RequestError, service } from '@causeway/consumers'

const { CAUSEWAY_TEST_SERVICE: name, CAUSEWAY_TEST_PART: part, CAUSEWAY_DEMO_JOURNAL: journal } = process.env
/** At once: nothing of it may be lost with the process. */
const note = (line: object): void => appendFileSync(journal!, `${JSON.stringify(line)}\n`)

/** Asks the other one. */
const front = service(`front-${name}`, [
  message('front.look').handle(async (input, ctx) => ({ own: ctx.session, back: await ctx.request('back.look', input) })),
  message('front.all').handle(async (input, ctx) =>
    Promise.all((input as number[]).map(async n => ctx.request('back.double', n, n % 2 === 0 ? {} : { codec: 2 }))),
  ),
  message('front.code', { retry: { attempts: 1 } }).handle(async (input, ctx) => {
    const { route, timeout } = input as { route: string; timeout?: number }
    try {
      return await ctx.request(route, { ms: 5_000 }, timeout === undefined ? {} : { timeout })
    } catch (error) {
      if (error instanceof RequestError) return { code: error.code, retryable: error.retryable, detail: error.detail }
      return { error: String(error) }
    }
  }),
  message('front.wait').handle((input, ctx) => ctx.request('back.wait', input)),
  message('front.twice', { retry: { min: '10ms', jitter: 0 } }).handle(async (_input, ctx) => {
    const { key } = await ctx.request<{ key: string }>('back.look')
    if (ctx.attempt < 2) throw new Error(`once more, after ${key}`)
    return key
  }),
])

const back = service(`back-${name}`, [
  message('back.look').handle((input, { session, principal, key, trace, deadline }) => ({
    input,
    session,
    principal,
    key,
    trace,
    deadline,
  })),
  message('back.double').handle(input => (input as number) * 2),
  message('back.reject', { retry: { attempts: 1 } }).handle(() => Promise.reject(new Error('no way'))),
  message('back.count').handle(async function* () {
    yield 1
    yield 2
  }),
  message('back.wait').handle(async (input, ctx) => {
    const { ms } = input as { ms: number }
    note({ begun: ctx.key })
    try {
      await sleep(ms, undefined, { signal: ctx.signal })
    } catch {
      note({ stopped: ctx.key, why: String(ctx.signal.reason) })
      return null
    }
    return { waited: ms }
  }),
])

export default [front, back].filter(each => part === undefined || each.name.startsWith(part))
