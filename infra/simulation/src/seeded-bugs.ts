import type { SourceChange } from './hooks.ts'

/** A mistake put into the product as it is loaded. */
export interface SeededBug extends SourceChange {
  /** What goes wrong with it. */
  why: string
  /** It is found within so many seeds, from 1 on. */
  within: number
}

/** Mistakes that runs must find; `npm run simulate -- --bug <name>` shows each. */
export const SEEDED_BUGS = {
  'finish-without-finished-check': {
    why: 'a repeat is finished again: two answers',
    file: 'shared/sessions/src/script-finish.ts',
    find: 'return msg_id <= done or',
    replace: 'return false and',
    within: 100,
  },
  'resume-off-by-one': {
    why: 'a resumed session goes on one delivery too late',
    file: 'gateway/src/session-host.ts',
    find: 'session.nextSeq = session.acknowledged + 1',
    replace: 'session.nextSeq = session.acknowledged + 2',
    within: 100,
  },
  'commit-past-a-gap': {
    why: 'what was not finished is committed, and lost with its worker',
    file: 'consumers/src/partition-offsets.ts',
    find: 'while (this.#first < entries.length && entries[this.#first].complete) {',
    replace: 'while (this.#first < entries.length) {',
    within: 500,
  },
  'lost-wake-ups-ignored': {
    why: 'a batch of deliveries that pub/sub lost is never read from the outbox',
    file: 'gateway/src/session-host.ts',
    find: 'this.#options.counters.lostWakeUps++',
    replace: 'return',
    within: 500,
  },
  'stored-before-the-log-says-so': {
    why: 'a message is acknowledged that the log may never have',
    file: 'gateway/src/session.ts',
    find: 'if (!pending.stored) this.#unstored.push(pending)',
    replace: 'pending.stored = true; this.storedMark = pending.msgId',
    within: 500,
  },
  'parked-are-overtaken': {
    why: 'messages behind a failing one are handled before it is through',
    file: 'consumers/src/parking.ts',
    find: 'lane.head = ordered\n          return true\n        },\n        async error',
    replace: 'lane.head = false\n          return true\n        },\n        async error',
    within: 100,
  },
  'ends-not-counted': {
    why: 'what ended is in flight for ever: the ledger does not balance',
    file: 'shared/sessions/src/script-finish.ts',
    find: 'count(outcome, 1)',
    replace: 'count(outcome, msg_id % 16 == 0 and 0 or 1)',
    within: 100,
  },
  'losses-not-held-against-the-store': {
    why: 'a store that went back is believed, and what was parked or finished there is gone without a word',
    file: 'shared/redis/src/script-writes.ts',
    find: 'if kept and tonumber(kept) < tonumber(seen) then',
    replace: 'if false then',
    within: 2_000,
  },
  'emit-taken-away-too-soon': {
    why: 'an emit is taken out of its outbox before the log has it, and lost with its worker',
    file: 'consumers/src/emits/emit-relay.ts',
    find: 'const refusal = await this.#stored(record)',
    replace: 'const refusal = (void this.#stored(record), undefined)',
    within: 2_000,
  },
  'state-beside-the-finish': {
    why: 'what a handler wrote takes effect though its message had ended otherwise',
    file: 'shared/sessions/src/script-finish.ts',
    find: 'if kind < 2 then close_gap(msg_id, prev) end',
    replace:
      'if kind < 2 then close_gap(msg_id, prev) end if packed then local late = (effective or make_effective()).of(packed) effective.take(late) end',
    within: 2_000,
  },
  'next-before-the-finish': {
    why: 'a message reads state before the finish that writes it has returned',
    file: 'consumers/src/message-runner.ts',
    find: 'if (context.hasEffects) return this.#effective(made, frame)',
    replace: 'if (context.hasEffects) return void this.#effective(made, frame)',
    within: 100,
  },
} as const satisfies Record<string, SeededBug>

export function bugNamed(name: string): SeededBug {
  const bug = (SEEDED_BUGS as Readonly<Record<string, SeededBug>>)[name]
  if (bug === undefined) throw new TypeError(`--bug ${name}: expected one of ${Object.keys(SEEDED_BUGS).join(', ')}`)
  return bug
}
