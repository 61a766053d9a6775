// The service under test: `causeway worker handlers.ts`. Each handler writes to the journal what it begins and how that ends.
import { setTimeout as sleep } from 'node:timers/promises'
import { type Context, message, Reject, service } from '@causeway/consumers'
import type { MessageKind } from './history.ts'
import { JOURNAL_FOLDER, Journal } from './journal.ts'

/** The service's name: on a shared Kafka it is a topic and a group. */
export const SERVICE_NAME = 'FAULTS_SERVICE'
/** Attempts of `poison`; the last one's failure ends the message. */
export const POISON_ATTEMPTS = 3

/** What every request carries. */
export interface Wish {
  n: number
  /** slow: how long it takes, ms. */
  ms?: number
  /** flaky: attempts that fail. */
  failures?: number
  /** stream: chunks. */
  chunks?: number
  /** Bulk that nobody reads. */
  pad?: string
}

const folder = process.env[JOURNAL_FOLDER]
const journal = folder === undefined ? undefined : new Journal(folder)

const retry = { attempts: 100, min: 50, max: 400, jitter: 0.5 }

function note(phase: 'begin' | 'end' | 'fail', kind: MessageKind, { session, msgId, attempt }: Context, { n }: Wish): void {
  journal?.write({ phase, session, msgId, attempt, n, kind })
}

/** A route whose handler does nothing but its step; synchronous where the step is. */
function plain(kind: MessageKind, step: (wish: Wish, ctx: Context) => unknown) {
  return message(kind, { retry: kind === 'poison' ? { ...retry, attempts: POISON_ATTEMPTS } : retry, oneWay: kind === 'note' }).handle(
    (input, ctx) => {
      const wish = input as Wish
      note('begin', kind, ctx, wish)
      const ended = (): Wish => {
        note('end', kind, ctx, wish)
        return { n: wish.n }
      }
      const result = step(wish, ctx)
      return result instanceof Promise ? result.then(ended) : ended()
    },
  )
}

function fails(kind: MessageKind, wish: Wish, ctx: Context): never {
  note('fail', kind, ctx, wish)
  throw new Error(`attempt ${ctx.attempt} fails`)
}

const count = plain('count', () => undefined)
const slow = plain('slow', ({ ms }) => sleep(ms))
const large = plain('large', () => undefined)
const notify = plain('note', () => undefined)
const push = plain('push', ({ n }, ctx) => ctx.push(ctx.session, { n }))
const flaky = plain('flaky', (wish, ctx) => {
  if (ctx.attempt <= wish.failures!) fails('flaky', wish, ctx)
})
const poison = plain('poison', (wish, ctx) => fails('poison', wish, ctx))
const reject = plain('reject', (wish, ctx) => {
  note('end', 'reject', ctx, wish)
  throw new Reject('no')
})
const stream = message('stream', { retry }).handle(async function* (input, ctx) {
  const wish = input as Wish
  note('begin', 'stream', ctx, wish)
  for (let chunk = 1; chunk <= wish.chunks!; chunk++) {
    if (chunk > 1) await sleep(2)
    yield { n: wish.n, chunk }
  }
  note('end', 'stream', ctx, wish)
})

export default service(process.env[SERVICE_NAME] ?? 'faults', [count, slow, large, notify, push, flaky, poison, reject, stream])
