import { Generators } from '../generators.ts'
import { CAUSEWAY_WARM_UP_MS, WARM_UP_MS } from '../limits.ts'
import { measure, measureOnce } from '../measure.ts'
import { interleaved } from '../rounds.ts'
import { BROAD, DEEP, SERIAL, type Shape } from '../shapes.ts'
import type { Subject, System } from '../subject.ts'
import { type Account, type AccountRound, accountOf } from './account.ts'
import { PROBE } from './flames.ts'
import { PROBE_TIMEOUT_MS } from './limits.ts'
import type { Sightings } from './moments.ts'
import type { Question } from './probe-questions.ts'
import type { Stage } from './stages.ts'
import { waysOf } from './ways.ts'

/** Something whose round trips are taken apart. */
export interface Accounted {
  subject: Subject
  stages: readonly Stage[]
}

/** Each so manieth message is looked at: about a thousand a second, and no divisor of what one write brings. */
const SAMPLED: readonly { shape: Shape; every: number }[] = [
  { shape: SERIAL, every: 1 },
  { shape: BROAD, every: 7 },
  { shape: DEEP, every: 31 },
]

const GENERATOR = new URL('./stage-generator.ts', import.meta.url)

/** Takes the round trips of each shape apart, in interleaved rounds. */
export async function accountsOf(
  { subject, stages }: Accounted,
  { rounds, seconds, tell }: { rounds: number; seconds: number; tell(line: string): void },
): Promise<{ shapes: Account[]; versions: Record<string, string> }> {
  await using started = await subject.start()
  const system = { ...started, generator: GENERATOR }
  for (const [name, probe] of Object.entries(system.probes!)) {
    const parts = name === 'gateway' || name === 'worker' ? [name] : ['gateway', 'worker']
    await probe.ask({ ask: 'watch', parts }, PROBE_TIMEOUT_MS)
  }
  tell(`warming up ${subject.name}`)
  await measure(system, { shape: DEEP, warmUpMs: CAUSEWAY_WARM_UP_MS, measureMs: 1 })
  const found = await interleaved(SAMPLED, rounds, async ({ shape, every }, round) => {
    const result = await accountRound(system, shape, every, seconds)
    tell(`round ${round}: ${shape.name} ${Math.round(result.roundTripsPerSecond)}/s, ${result.ways.length} messages looked at`)
    return result
  })
  return { shapes: SAMPLED.map(({ shape }, index) => accountOf(shape.name, stages, found[index])), versions: system.versions }
}

async function accountRound(system: System, shape: Shape, every: number, seconds: number): Promise<AccountRound> {
  const measureMs = seconds * 1_000
  await using generators = new Generators(system, { shape, warmUpMs: WARM_UP_MS, measureMs, probe: PROBE, hold: true })
  const probes = Object.values(system.probes!)
  const askAll = async <T>(question: Question): Promise<T[]> => Promise.all(probes.map(probe => probe.ask<T>(question, PROBE_TIMEOUT_MS)))
  const record: Question = { ask: 'record', every }
  const recorded: Question = { ask: 'recorded' }
  const measurement = await measureOnce(system, shape, generators, async () => {
    // before the generator, so that they see all of what it looks at
    await askAll(record)
    await generators.ask(record, PROBE_TIMEOUT_MS)
  })
  // the load goes on: what the answers of the others hold up has no place in it any more
  const sent = await generators.ask<Sightings>(recorded, PROBE_TIMEOUT_MS)
  const seen = [...sent, ...(await askAll<Sightings>(recorded))]
  const dropped = seen.reduce((sum, each) => sum + each.dropped, 0)
  if (dropped > 0) throw new Error(`${shape.name}: ${dropped} sightings found no room: measure for a shorter time`)
  return { ways: waysOf(seen), meanMs: meanOf(sent), roundTripsPerSecond: measurement.roundTrips / measurement.seconds }
}

/** Of all round trips that the generators have counted, ms. */
const meanOf = (sent: readonly Sightings[]): number =>
  sent.reduce((sum, { roundTripsMs }) => sum + roundTripsMs, 0) / sent.reduce((sum, { roundTrips }) => sum + roundTrips, 0)
