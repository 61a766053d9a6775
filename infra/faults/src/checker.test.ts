import assert from 'node:assert/strict'
import { test } from 'node:test'
import { check } from './checker.ts'
import type { Allowance } from './rules.ts'
import { Story } from './story.fixture.ts'

const story = (): Story => new Story().connected()

function finds(told: Story, rules: string[], allowance?: Allowance): void {
  const { violations } = check(told.history, allowance)
  assert.deepEqual(
    violations.map(({ rule }) => rule),
    rules,
    violations.map(({ evidence }) => evidence).join('\n'),
  )
}

test('a quiet life is no violation, and is counted', () => {
  const told = story().whole(1).whole(2).sent(3, 'note').stored(3).handled(3, { kind: 'note' })
  finds(told, [])
  const { requests, notifications, answered, endings } = check(told.history).figures
  assert.deepEqual({ requests, notifications, answered, endings }, { requests: 2, notifications: 1, answered: 2, endings: { answer: 2 } })
})

test('a request without an answer is lost, stored or not', () => {
  finds(story().sent(1).stored(1).handled(1), ['lost request'])
  finds(story().sent(1), ['lost request'])
})

test('a stored notification that nobody handled is lost', () => {
  finds(story().sent(1, 'note').stored(1), ['lost notification'])
})

test('a refused message needs no answer; one that was handled all the same was refused with effect', () => {
  finds(story().sent(1).refused(1), [])
  finds(story().sent(1).refused(1).handled(1), ['refused with effect'])
  finds(story().sent(1).refused(1), ['error'], { noErrors: true })
})

test('two answers to one request are one too many, and so is one of another message', () => {
  finds(story().whole(1).delivered(2, 1), ['doubled answer'])
  finds(story().sent(1).stored(1).handled(1).delivered(1, 1, { n: 7 }), ['wrong answer'])
  finds(story().sent(1).stored(1).handled(1).delivered(1, 1, { kind: 'error', code: 'HANDLER_FAILED', n: -1 }), ['wrong answer'])
})

test('a delivery that comes again says so', () => {
  finds(story().whole(1).resumed().delivered(1, 1, { redelivered: true }), [])
  finds(story().whole(1).resumed().delivered(1, 1), ['unmarked repeat'])
  finds(story().whole(1).sent(2).resumed().delivered(1, 2, { redelivered: true }), ['unmarked repeat'])
})

test('a TIMEOUT is a loss: no fault lasts as long as the time-out', () => {
  const told = story().sent(1).stored(1).delivered(1, 1, { kind: 'error', code: 'TIMEOUT', n: -1 })
  finds(told, ['timed out'])
  finds(told, [], { codes: ['TIMEOUT'] })
})

test('a gap in the numbers must have been told', () => {
  finds(story().whole(1).sent(2).stored(2).handled(2).resumed().delivered(3, 2), ['gap'])
  finds(story().whole(1).sent(2).stored(2).handled(2).storeLost().resumed(false).delivered(3, 2), [])
  finds(story().whole(1).storeLost().resumed(false).whole(2).whole(3, 4), ['gap'])
})

test('what was on its way when a loss was told may be missing; what was sent afterwards may not', () => {
  finds(story().sent(1).stored(1).storeLost().resumed(false).givenUp(1), [])
  finds(story().storeLost().resumed(false).sent(1).stored(1).givenUp(1), ['lost request'])
})

test('a new session in place of the old one tells the loss of the old one', () => {
  const told = story().sent(1).stored(1).storeLost()
  finds(told.connected({ session: 's2', asked: 's1' }).givenUp(1), [])
})

test('answers come in the order in which their messages were sent', () => {
  finds(story().sent(1).sent(2).stored(2).handled(1).handled(2).delivered(1, 2).delivered(2, 1), ['answers reordered'])
})

test('no handling begins before the end of the one before it', () => {
  const told = story().sent(1).sent(2).stored(2).step('begin', 1).step('begin', 2).step('end', 1).step('end', 2)
  finds(told.delivered(1, 1).delivered(2, 2), ['handling reordered'])
})

test('what is handled again after a death is no disorder, but counted', () => {
  const told = story().sent(1).sent(2).stored(2).handled(1).handled(2).handled(1, { worker: 2 }).handled(2, { worker: 2 })
  finds(told.delivered(1, 1).delivered(2, 2), [])
  assert.equal(check(told.history).figures.handledAgain, 2)
  assert.equal(check(told.history).figures.overlapped, 0)
})

test('a message that runs at two workers at once is counted, a run that was killed is not', () => {
  const told = story().sent(1).step('begin', 1).step('begin', 1, { worker: 2 }).step('end', 1, { worker: 2 })
  assert.equal(check(told.history).figures.overlapped, 0)
  told.step('end', 1)
  assert.equal(check(told.history).figures.overlapped, 1)
})

test('what is retried ends with its last attempt: what follows waits for it', () => {
  const flaky = { kind: 'flaky' } as const
  const begun = (): Story => story().sent(1, 'flaky').sent(2).stored(2).step('begin', 1, flaky).step('fail', 1, flaky)
  finds(
    begun()
      .handled(1, { ...flaky, attempt: 2 })
      .handled(2)
      .delivered(1, 1)
      .delivered(2, 2),
    [],
  )
  finds(
    begun()
      .handled(2)
      .handled(1, { ...flaky, attempt: 2 })
      .delivered(1, 1)
      .delivered(2, 2),
    ['handling reordered'],
  )
})

test('a poisoned message ends as a dead letter with its third failure', () => {
  const poison = { kind: 'poison' } as const
  const told = story().sent(1, 'poison').sent(2).stored(2)
  for (const attempt of [1, 2, 3]) told.step('begin', 1, { ...poison, attempt }).step('fail', 1, { ...poison, attempt })
  finds(told.handled(2).delivered(1, 1, { kind: 'error', code: 'DEAD_LETTERED', n: -1 }).delivered(2, 2), [])
})

test('chunks of a stream come in order, and a second run of one ends it', () => {
  const stream = { kind: 'stream' } as const
  const begun = (): Story => story().sent(1, 'stream').stored(1).handled(1, stream)
  const chunk = (told: Story, seq: number, number: number): Story => told.delivered(seq, 1, { kind: 'chunk', chunk: number })
  finds(chunk(chunk(begun(), 1, 1), 2, 2).delivered(3, 1, { chunk: 3 }), [])
  finds(chunk(begun(), 1, 2).delivered(2, 1, { chunk: 3 }), ['broken stream'])
  const failed = { kind: 'error', code: 'HANDLER_FAILED', n: -1 } as const
  finds(chunk(begun(), 1, 1).delivered(2, 1, failed), ['wrong answer'])
  finds(chunk(begun().handled(1, stream), 1, 1).delivered(2, 1, failed), [])
})

test('a push comes once and before its answer', () => {
  const pushed = (): Story => story().sent(1, 'push').stored(1).handled(1, { kind: 'push' })
  finds(pushed().delivered(1, 0, { kind: 'push', n: 1 }).delivered(2, 1), [])
  finds(pushed().delivered(1, 1), ['misplaced push'])
  finds(pushed().delivered(1, 1).delivered(2, 0, { kind: 'push', n: 1 }), ['misplaced push'])
})

test('a store that loses everything tells every session that lives', () => {
  finds(story().whole(1).storeLost(), ['silent loss'])
  finds(story().whole(1).storeLost().connected({ session: 's2', asked: 's1' }), [])
})

test('a store that loses its last second tells whoever had something in it', () => {
  finds(story().whole(1).storeLost(2_000), ['silent loss'])
  finds(story().whole(1).storeLost(2_000).resumed(false), [])
  finds(story().whole(1).wait(5_000).storeLost(2_000), [])
})

test('a loss is told where something was lost, and nowhere else', () => {
  finds(story().whole(1).resumed(false), ['false loss'])
  finds(story().whole(1).connected({ session: 's2', asked: 's1' }), ['false loss'])
  finds(story().whole(1).resumed(false).storeLost().resumed(false), ['false loss'])
})

test('what nobody sent, or sent otherwise, must not be handled', () => {
  finds(story().step('begin', 1), ['handled unsent'])
  finds(story().sent(1).stored(1).handled(1, { n: 9 }).delivered(1, 1), ['handled unsent', 'handled unsent'])
})

test('a resume that takes too long is a violation where a bound is promised', () => {
  const told = story().resumed(true, 3_000)
  finds(told, ['slow resume'], { resumeP99Ms: 2_000 })
  assert.equal(check(told.history).figures.worstResumeMs, 3_000)
})

test('a connection that is closed for good is an error', () => {
  const told = story()
  told.history.events.push({ type: 'closed', at: 9_000_000, session: 's1', code: 'BAD_FRAME', number: 4_500 })
  finds(told, ['error'])
})
