import assert from 'node:assert/strict'
import { uniqueName, unless } from '@causeway/testing'
import type { DeadLetterQuery } from './dead-letters.ts'
import { READ_CHUNK } from './dead-letters-limits.ts'
import {
  deadLetter,
  type FailingSession,
  failingSession,
  lettersOf,
  type OnRetries,
  type RetriesCapabilities,
} from './fixture.conformance.ts'
import type { Retries } from './retries.ts'

async function buryAll(retries: Retries, failing: FailingSession, count: number): Promise<void> {
  for (let msgId = 1; msgId <= count; msgId++) await retries.bury(deadLetter(failing, msgId))
}

/** All pages of a query, as the numbers of their messages. */
async function pages(retries: Retries, query: DeadLetterQuery): Promise<number[][]> {
  const found: number[][] = []
  let before: string | undefined
  do {
    const page = await retries.deadLetters.list({ ...query, before })
    found.push(page.letters.map(({ msgId }) => msgId))
    before = page.next
  } while (before !== undefined)
  return found
}

/** An operator finds what was given up. */
export function listing(onRetries: OnRetries, capabilities: RetriesCapabilities): void {
  onRetries('lists letters newest first with all but their payload', async ({ retries, sessions }) => {
    const failing = await failingSession(sessions)
    await buryAll(retries, failing, 3)
    const letters = await lettersOf(retries, failing.service)
    assert.deepEqual(
      letters.map(({ deadAt }) => deadAt),
      [3, 2, 1],
    )
    const { id, ...newest } = letters[0]!
    assert.ok(id)
    assert.deepEqual(newest, {
      service: failing.service,
      session: failing.session,
      msgId: 3,
      route: 'demo.fail',
      reason: 'attempts exhausted',
      error: 'Error: broken',
      attempts: 1,
      deadAt: 3,
      bytes: 3,
      replays: 0,
    })
  })

  onRetries('goes through all services by time', async ({ retries, sessions }) => {
    const [first, second] = [await failingSession(sessions), await failingSession(sessions)]
    for (const msgId of [1, 3]) await retries.bury(deadLetter(first, msgId))
    for (const msgId of [2, 4]) await retries.bury(deadLetter(second, msgId))
    assert.deepEqual((await retries.deadLetters.services()).toSorted(), [first.service, second.service].toSorted())
    assert.deepEqual(await pages(retries, { limit: 10 }), [[4, 3, 2, 1]])
    const { id } = (await lettersOf(retries, second.service))[0]!
    const find = (service?: string) => retries.deadLetters.find([id, 'nobody-1-dead'], service)
    assert.deepEqual(await find(), [{ service: second.service, id }, undefined])
    assert.deepEqual(await find(first.service), [undefined, undefined])
    // what a store of jobs calls keys of its own
    assert.deepEqual(await retries.deadLetters.find(['meta', 'id', 'events']), [undefined, undefined, undefined])
    assert.deepEqual(await pages(retries, { limit: 10, service: first.service }), [[3, 1]])
    assert.deepEqual(await pages(retries, { limit: 10, service: uniqueName('nobody') }), [[]])
  })

  onRetries('pages without a gap or a repeat, also among letters of one moment and while others come', async ({ retries, sessions }) => {
    const failing = await failingSession(sessions)
    for (let msgId = 1; msgId <= 7; msgId++) await retries.bury(deadLetter(failing, msgId, { deadAt: 100 }))
    const first = await retries.deadLetters.list({ limit: 3 })
    await retries.bury(deadLetter(failing, 8, { deadAt: 200 }))
    const second = await retries.deadLetters.list({ limit: 3, before: first.next })
    const third = await retries.deadLetters.list({ limit: 3, before: second.next })
    const msgIds = [first, second, third].flatMap(({ letters }) => letters.map(({ msgId }) => msgId))
    assert.deepEqual(msgIds.toSorted(), [1, 2, 3, 4, 5, 6, 7])
    assert.equal(third.next, undefined)
    await assert.rejects(retries.deadLetters.list({ limit: 3, before: 'nonsense' }), RangeError)
  })

  onRetries('pages through more letters of one moment than are read at a time', async ({ retries, sessions }) => {
    const failing = await failingSession(sessions)
    const count = 2 * READ_CHUNK + 10
    const letters = Array.from({ length: count }, (_, index) => deadLetter(failing, index + 1, { deadAt: 100 }))
    await Promise.all(letters.map(letter => retries.bury(letter)))
    const found = (await pages(retries, { limit: 90 })).flat()
    assert.deepEqual([found.length, new Set(found).size], [count, count])
    assert.deepEqual((await pages(retries, { limit: count, q: 'demo' })).flat().length, count)
  })

  onRetries('finds letters by route, time and text', async ({ retries, sessions }) => {
    const failing = await failingSession(sessions)
    await retries.bury(deadLetter(failing, 1, { route: 'demo.other' }))
    await retries.bury(deadLetter(failing, 2, { reason: 'The Handler gave up' }))
    await retries.bury(deadLetter(failing, 3, { errors: [{ at: 1, worker: 'w', error: 'TypeError: no such Field', attempt: 1 }] }))
    const by = (query: Partial<DeadLetterQuery>) => pages(retries, { limit: 10, ...query })
    assert.deepEqual(await by({ route: 'demo.other' }), [[1]])
    assert.deepEqual(await by({ since: 2 }), [[3, 2]])
    assert.deepEqual(await by({ q: 'handler GAVE' }), [[2]])
    assert.deepEqual(await by({ q: 'field' }), [[3]])
    assert.deepEqual(await by({ q: failing.session.slice(0, -1) }), [[3, 2, 1]])
    assert.deepEqual(await by({ q: 'other', since: 2 }), [[]])
    assert.deepEqual(await by({ q: 'demo', limit: 2 }), [[3, 2], [1]])
  })

  onRetries('discards a letter for good, once', async ({ retries, sessions }) => {
    const failing = await failingSession(sessions)
    await buryAll(retries, failing, 2)
    const [, { id }] = (await lettersOf(retries, failing.service)) as [unknown, { id: string }]
    const letter = { service: failing.service, id }
    assert.deepEqual(await retries.deadLetters.discard([letter, letter, { ...letter, id: 'nobody-1-dead' }]), [
      'discarded',
      'missing',
      'missing',
    ])
    assert.equal(await retries.deadLetters.get(letter), undefined)
    assert.deepEqual(await pages(retries, { limit: 10 }), [[2]])
    assert.equal((await retries.counts(failing.service)).dead, 1)
  })

  onRetries(
    'has its letters after a crash',
    async opened => {
      const failing = await failingSession(opened.sessions)
      await buryAll(opened.retries, failing, 2)
      const { retries } = await opened.crash!()
      assert.deepEqual(await pages(retries, { limit: 1 }), [[2], [1], []])
    },
    unless(capabilities.crashes),
  )
}
