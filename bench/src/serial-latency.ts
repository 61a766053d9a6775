import type { Comparison } from './compare.ts'
import { heldTo, rowFor } from './ratios.ts'
import { SERIAL } from './shapes.ts'

/** How many times Kafka's own end-to-end latency one message at a time may take. */
const KAFKA_TIMES = 1.5
/** What it may take embedded, fsync included, ms. */
const EMBEDDED_MS = 1.5

/** A line of each of ours: what one message at a time takes, and what that is held against. */
export function serialLatencies({ subjects, trials }: Pick<Comparison, 'subjects' | 'trials'>): string[] {
  const endToEnd = trials.flatMap(({ rows }) => rows).find(({ name }) => name === 'end-to-end latency')
  const kafkaMs = endToEnd && 1_000 / endToEnd.perSecond.median
  return subjects
    .filter(({ kind }) => kind === 'ours')
    .flatMap(each => {
      const p50Ms = rowFor(each, SERIAL.name)?.p50Ms.median
      if (p50Ms === undefined) return []
      const against = each.id === 'causeway-embedded' ? embedded(p50Ms) : besideKafka(p50Ms, kafkaMs)
      return [`- ${each.name}: ${p50Ms.toFixed(2)} ms${against}`]
    })
}

const embedded = (p50Ms: number): string => `, on disk twice in it (target at most ${heldTo(`${EMBEDDED_MS} ms`, p50Ms <= EMBEDDED_MS)})`

function besideKafka(p50Ms: number, kafkaMs: number | undefined): string {
  if (kafkaMs === undefined) return ''
  const ratio = p50Ms / kafkaMs
  return `, ${ratio.toFixed(2)} times the ${kafkaMs.toFixed(2)} ms of Kafka’s own end-to-end tool (target at most ${heldTo(KAFKA_TIMES, ratio <= KAFKA_TIMES)})`
}
