import type { Rule } from '../rules.ts'
import type { Edit } from './edit.ts'

/** A fault that the product might have had, and how the checker must catch it. */
export interface SeededBug {
  name: string
  /** What it breaks, in one sentence. */
  what: string
  edits: readonly Edit[]
  /** The scenario that shows it, and for how many rounds. */
  scenario: string
  rounds: number
  /** One of these must be found. */
  caughtAs: readonly Rule[]
}

const FINISH = 'shared/sessions/src/script-finish.ts'
const RENEW = 'shared/sessions/src/script-renew.ts'
const RESUME = 'shared/sessions/src/script-resume.ts'

/** The proof of the checker: it must catch each of these. */
export const BUGS: readonly SeededBug[] = [
  {
    name: 'lost-wake-ups',
    what: 'every third wake-up of a gateway is lost, and nothing reads the outboxes instead',
    edits: [
      {
        file: 'shared/sessions/src/wake-redis.ts',
        find: 'const gap = number > last + 1 || pointing !== undefined\n',
        replace: 'const gap = false\n    if (number % 3 === 0) { last = number; return }\n',
      },
    ],
    scenario: 'gateway-kill',
    rounds: 1,
    caughtAs: ['lost request'],
  },
  {
    name: 'commit-past-gap',
    what: 'a worker commits offsets behind one whose handling has not ended',
    edits: [
      {
        file: 'consumers/src/partition-offsets.ts',
        find: 'while (this.#first < entries.length && entries[this.#first].complete) {',
        replace: 'while (this.#first < entries.length) {',
      },
    ],
    scenario: 'worker-kill',
    rounds: 2,
    caughtAs: ['lost request', 'lost notification'],
  },
  {
    name: 'complete-before-finish',
    what: 'an offset counts as complete when its handler is called, not when its finish has returned',
    edits: [
      {
        file: 'consumers/src/assignment.ts',
        find: '    lane.unfinished++\n',
        replace: '    lane.unfinished++\n    begun.entry.complete = true\n',
      },
    ],
    scenario: 'worker-kill',
    rounds: 2,
    caughtAs: ['lost request', 'lost notification'],
  },
  {
    name: 'finish-unchecked',
    what: 'a finish is taken though the message was finished before',
    edits: [{ file: FINISH, find: 'return msg_id <= done or (above > 0', replace: 'return false and (above > 0' }],
    scenario: 'worker-stop',
    rounds: 1,
    caughtAs: ['doubled answer'],
  },
  {
    name: 'resume-off-by-one',
    what: 'a resumed session goes on one delivery too late',
    edits: [
      {
        file: 'gateway/src/session-host.ts',
        find: 'session.nextSeq = session.acknowledged + 1',
        replace: 'session.nextSeq = session.acknowledged + 2',
      },
    ],
    scenario: 'gateway-kill',
    rounds: 2,
    caughtAs: ['gap', 'lost request'],
  },
  {
    name: 'stale-syn-believed',
    what: 'a stale SYN, read after its client went on elsewhere, takes the session over',
    edits: [{ file: RESUME, find: 'attempt < tonumber(s[18] or 0)', replace: 'false' }],
    scenario: 'gateway-late',
    rounds: 1,
    caughtAs: ['error', 'false loss'],
  },
  {
    name: 'heads-forgotten',
    what: 'a worker that takes partitions over does not ask which sessions have a failed message before theirs',
    edits: [
      {
        file: 'consumers/src/assignment.ts',
        find: 'new Lanes(heads, this.#options.counters)',
        replace: 'new Lanes([], this.#options.counters)',
      },
    ],
    scenario: 'retries',
    rounds: 2,
    caughtAs: ['handling reordered', 'answers reordered'],
  },
  {
    name: 'head-cleared-early',
    what: 'the call that ends a failed message clears its head though messages are parked behind it',
    edits: [{ file: FINISH, find: "if call('EXISTS', parked) == 1 then return 1 end", replace: '' }],
    scenario: 'retries',
    rounds: 1,
    caughtAs: ['lost request', 'lost notification', 'handling reordered'],
  },
  {
    name: 'dead-letter-silent',
    what: 'a message that becomes a dead letter ends without an answer',
    edits: [
      {
        file: 'consumers/src/message-ends.ts',
        find: "this.final(ending, 'deadLettered', errorFrame(",
        replace: "this.final(ending, 'deadLettered', undefined && errorFrame(",
      },
    ],
    scenario: 'retries',
    rounds: 1,
    caughtAs: ['lost request'],
  },
  {
    name: 'ack-before-stored',
    what: 'a message is acknowledged when it is admitted, before Kafka has it',
    edits: [
      {
        file: 'gateway/src/session.ts',
        find: '    this.lastAdmitted = pending.msgId\n',
        replace: '    this.lastAdmitted = pending.msgId\n    this.storedMark = pending.msgId\n',
      },
    ],
    scenario: 'kafka-stop',
    rounds: 3,
    caughtAs: ['lost request', 'lost notification'],
  },
  {
    name: 'failed-flight-believed',
    what: 'a flight that failed counts as stored',
    edits: [
      {
        file: 'shared/log/src/kafka-appender.ts',
        find: '    for (const queue of flight.queues) queue.putBack()\n',
        replace:
          '    for (const queue of flight.queues) { const gone = queue.confirm(); this.waitingRecords -= gone.length; this.#handlers.stored(gone) }\n',
      },
    ],
    scenario: 'kafka-cluster',
    rounds: 2,
    caughtAs: ['lost request', 'lost notification'],
  },
  {
    name: 'refused-and-sent',
    what: 'a message is refused and appended all the same',
    edits: [
      {
        file: 'gateway/src/admission.ts',
        find: 'else this.refuse(session, frame.msgId, refusal)',
        replace:
          'else { if (route !== undefined) this.#append(session, frame, route, arrival); this.refuse(session, frame.msgId, refusal) }',
      },
    ],
    scenario: 'redis-kill',
    rounds: 4,
    caughtAs: ['refused with effect'],
  },
  {
    name: 'trimmed-unacknowledged',
    what: 'an outbox is trimmed up to what was delivered, not to what was acknowledged',
    edits: [{ file: RENEW, find: "'0-' .. (acked + 1))", replace: "'0-' .. (tonumber(s[3]) + 1))" }],
    scenario: 'client-lines',
    rounds: 2,
    caughtAs: ['gap', 'lost request', 'false loss'],
  },
  {
    name: 'loss-unnoticed',
    what: 'a store that went back behind what gateways have seen is not noticed, and a resume says that all is well',
    edits: [
      { file: RENEW, find: "elseif tonumber(s[3]) < highest or s[11] == '1'", replace: 'elseif false' },
      {
        file: RESUME,
        find: '-- said at each resume until',
        replace: 'recovered = 1 -- said at each resume until',
      },
    ],
    scenario: 'redis-lost-second',
    rounds: 1,
    caughtAs: ['silent loss'],
  },
  {
    name: 'embedded-log-from-end',
    what: 'after a restart the embedded log is read from its end, not from what was committed',
    edits: [
      {
        file: 'shared/log/src/log-embedded-consumer.ts',
        find: 'topic.partitions.map(({ number }) => topic.committed(options.group, number) ?? 0)',
        replace: 'topic.partitions.map(({ end }) => end)',
      },
    ],
    scenario: 'embedded-kill',
    rounds: 5,
    caughtAs: ['lost request', 'lost notification'],
  },
]
