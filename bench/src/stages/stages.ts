import type { Moment } from './moments.ts'

/** A part of a round trip: from the end of the one before it until the first of these moments. */
export interface Stage {
  name: string
  until: readonly Moment[]
  /** What happens in it. */
  what: string
}

/** The stages of a round trip, one after the other, with nothing between them. The first begins when the request is `sent`. */
export const STAGES: readonly Stage[] = [
  {
    name: 'network in',
    until: ['heard'],
    what: 'the client’s write, the kernel, and the gateway’s event loop until it is this socket’s turn',
  },
  { name: 'decode', until: ['decoded'], what: 'frames are cut out of what was read' },
  {
    name: 'admit',
    until: ['admitted'],
    what: 'window, route and limits are looked at, the record’s header is written; behind the frames read with it',
  },
  { name: 'append: gather', until: ['launched'], what: 'it waits for the end of the turn, and for the flight to Kafka that is in the air' },
  {
    name: 'append: Kafka',
    until: ['stored', 'fetched'],
    what: 'the flight is encoded and sent, Kafka stores it; until the gateway hears so, or the worker has it where that is sooner',
  },
  { name: 'fetch', until: ['fetched'], what: 'the worker’s poll returns with it, and is decoded' },
  { name: 'dispatch', until: ['begun'], what: 'it waits for the messages of its session and for a place' },
  { name: 'handle', until: ['asked'], what: 'its handler; of an echo next to nothing' },
  {
    name: 'finish: gather',
    until: ['called'],
    what: 'it waits for the end of the turn, and for the call of the script that is in the air',
  },
  {
    name: 'finish: Redis',
    until: ['finished', 'woken'],
    what: 'the script marks it, writes the answer to the outbox and publishes the wake-up; until the worker hears so, or the gateway where that is sooner',
  },
  { name: 'wake', until: ['woken'], what: 'what the gateway still takes until it has read the wake-up up to this delivery' },
  {
    name: 'write',
    until: ['written', 'received'],
    what: 'the rest of the wake-up is read, then the session’s frames are written to its socket; until that returns, or the client has it where that is sooner',
  },
  { name: 'network out', until: ['received'], what: 'the kernel, and the client’s event loop until it has read the answer' },
]

/** An embedded log has no flights and an embedded store no script: gathering is part of the stage itself. */
export const EMBEDDED_STAGES: readonly Stage[] = STAGES.filter(({ name }) => !name.endsWith(': gather')).map(stage => {
  if (stage.name === 'append: Kafka')
    return { ...stage, name: 'append', what: 'it waits for the group commit in the air, and for its own to be on disk' }
  if (stage.name === 'finish: Redis') return { ...stage, name: 'finish', what: 'the same of its answer; the wake-up follows the commit' }
  if (stage.name === 'fetch') return { ...stage, what: 'the worker, in the same process, is handed what was stored' }
  return stage
})
