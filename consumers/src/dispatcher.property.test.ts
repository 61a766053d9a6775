import assert from 'node:assert/strict'
import { test } from 'node:test'
import { turn } from '@causeway/testing'
import fc from 'fast-check'
import { routeOf } from './handlers.fixture.ts'
import { finals, recordOf } from './messages.fixture.ts'
import type { Handler } from './route.ts'
import { assignedWorkbench, type Workbench } from './workbench.fixture.ts'

type Behaviour = 'now' | 'later' | 'muchLater' | 'fails' | 'failsLater'

interface Step {
  session: string
  behaviour: Behaviour
  /** A second copy, marked resent, comes right behind it. */
  repeated: boolean
  /** Turns of the event loop between this record and the next. */
  turns: number
}

const steps = fc.array(
  fc.record<Step>({
    session: fc.constantFrom('a', 'b', 'c', 'd'),
    behaviour: fc.constantFrom('now', 'now', 'later', 'muchLater', 'fails', 'failsLater'),
    repeated: fc.boolean(),
    turns: fc.nat({ max: 3 }),
  }),
  { minLength: 1, maxLength: 40 },
)

const TURNS: Record<Behaviour, number> = { now: 0, later: 1, muchLater: 7, fails: 0, failsLater: 4 }
const fails = (behaviour: Behaviour): boolean => behaviour === 'fails' || behaviour === 'failsLater'
/** Far more turns than any case takes; a record that is not complete by then never will be. */
const MOST_TURNS = 20_000

const handler: Handler<unknown> = input => {
  const behaviour = input as Behaviour
  const end = (): null => {
    if (fails(behaviour)) throw new Error('broken')
    return null
  }
  if (TURNS[behaviour] === 0) return end()
  return (async () => {
    for (let i = 0; i < TURNS[behaviour]; i++) await turn()
    return end()
  })()
}

/** Feeds the records and sees that no commit passes one whose message is neither finished, parked nor scheduled again. */
async function feed(bench: Workbench, script: readonly Step[]): Promise<number> {
  const numbers = new Map<string, number>()
  const placed: string[] = []
  let offset = 0
  for (const { session, behaviour, repeated, turns } of script) {
    const msgId = (numbers.get(session) ?? 0) + 1
    numbers.set(session, msgId)
    const copies = [false, ...(repeated ? [true] : [])]
    const records = copies.map(resent => recordOf({ session, msgId, input: behaviour, resent, offset: offset++ }))
    for (const _ of copies) placed.push(`${session}${msgId}`)
    bench.dispatcher.records(0, records)
    for (let i = 0; i < turns; i++) await turn()
    await commitsNothingUnsettled(bench, placed)
  }
  for (let i = 0; bench.dispatcher.outstanding > 0 && i < MOST_TURNS; i++) await turn()
  await commitsNothingUnsettled(bench, placed)
  return offset
}

async function commitsNothingUnsettled(bench: Workbench, placed: readonly string[]): Promise<void> {
  await bench.dispatcher.commit()
  const watermark = bench.consumer.commits.at(-1)?.[1] ?? 0
  const settled = new Set(settledMessages(bench))
  for (const name of placed.slice(0, watermark)) assert.ok(settled.has(name), `${name} is below the watermark ${watermark} but nowhere`)
}

const settledMessages = ({ sessions, retries }: Workbench): string[] => [
  ...finals(sessions.entries).map(({ session, msgId }) => `${session}${msgId}`),
  ...[...retries.parked, ...retries.scheduled.map(each => each.message)].map(({ session, msgId }) => `${session}${msgId}`),
]

/** What a session may show when its first failure stands as its head: everything before it finished in order, everything behind it parked in order. */
function expected(script: readonly Step[], session: string) {
  const own = script.filter(step => step.session === session)
  const head = own.findIndex(step => fails(step.behaviour))
  const all = own.map((_, index) => index + 1)
  if (head < 0) return { finished: all, scheduled: [], parked: [] }
  return { finished: all.slice(0, head), scheduled: [head + 1], parked: all.slice(head + 1) }
}

test('whatever handlers do and however records arrive: order within a session, every record complete, no watermark beyond what is settled', async t => {
  const seed = Number(process.env.CAUSEWAY_TEST_SEED ?? Math.trunc(Math.random() * 2 ** 31))
  t.diagnostic(`seed ${seed}; CAUSEWAY_TEST_SEED=${seed} runs the same cases again`)
  const property = fc.asyncProperty(steps, fc.integer({ min: 1, max: 5 }), async (script, concurrency) => {
    using bench = await assignedWorkbench([routeOf(handler)], concurrency)
    const records = await feed(bench, script)
    assert.equal(bench.dispatcher.outstanding, 0, 'records that never became complete')
    assert.deepEqual(bench.consumer.commits.at(-1), [0, records])
    for (const session of ['a', 'b', 'c', 'd']) {
      const { finished, scheduled, parked } = expected(script, session)
      const own = <T extends { session: string }>(all: readonly T[]) => all.filter(each => each.session === session)
      assert.deepEqual(
        own(finals(bench.sessions.entries)).map(entry => entry.msgId),
        finished,
        `finishes of ${session}`,
      )
      const jobs = new Set(own(bench.retries.scheduled.map(each => each.message)).map(message => message.msgId))
      assert.deepEqual([...jobs], scheduled, `head of ${session}`)
      const distinct = new Set(own(bench.retries.parked).map(message => message.msgId))
      assert.deepEqual([...distinct], parked, `parked of ${session}`)
    }
  })
  await fc.assert(property, { seed, numRuns: 150 })
})
