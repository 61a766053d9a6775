import type { Behaviour, Plan } from './history.ts'
import type { Random } from './random.ts'

/** What a run is made of; all of it from the seed. */
export interface Scenario {
  gateways: number
  workers: number
  partitions: number
  window: number
  concurrency: number
  sendBuffer: number
  clients: { plans: Plan[]; paceMs: number; cancels: number }[]
  faults: Fault[]
  /** Simulated ms after which nothing goes wrong any more. */
  healAfterMs: number
}

export const FAULTS = [
  'kill worker',
  'kill gateway',
  'stop worker',
  'stop gateway',
  'pause worker',
  'pause gateway',
  'cut redis',
  'redis away',
  'redis slow',
  'redis restarts',
  'kafka away',
  'kafka trouble',
  'move leader',
  'cut client',
  'half-open client',
  'take over',
  'client does not read',
  'redis goes back',
] as const

export type FaultKind = (typeof FAULTS)[number]

export interface Fault {
  /** Simulated ms from the beginning. */
  atMs: number
  kind: FaultKind
  /** How long it lasts, where it lasts. */
  forMs: number
  /** Which of those there are; reduced by their number. */
  target: number
}

/** Simulated ms before the first fault. */
const CALM_MS = 1_500
/** Time-out of requests that are to be answered, ms: beyond the end of a run, so that a TIMEOUT hides nothing. */
const PATIENT_MS = 600_000

export function scenarioOf(random: Random): Scenario {
  const clients = random.whole(1, 4)
  const activeMs = random.between(1_000, 8_000)
  const numbers = { next: 1 }
  const kinds = random.shuffle(FAULTS).slice(0, random.whole(1, 8))
  return {
    gateways: random.whole(1, 3),
    workers: random.whole(1, 3),
    partitions: random.pick([1, 2, 4]),
    window: random.pick([1, 2, 8, 32]),
    concurrency: random.pick([1, 2, 16]),
    sendBuffer: random.pick([4_096, 1 << 20]),
    clients: Array.from({ length: clients }, () => clientOf(random, numbers, activeMs)),
    faults: faultsOf(random, kinds, activeMs),
    healAfterMs: CALM_MS + activeMs + 500,
  }
}

function clientOf(random: Random, numbers: { next: number }, activeMs: number): Scenario['clients'][number] {
  const count = random.whole(1, 24)
  const trouble = random.chance(0.5) ? random.between(0, 0.5) : 0
  const impatience = random.chance(0.3) ? random.between(0, 0.6) : 0
  const plans = Array.from({ length: count }, (): Plan => {
    const request = random.chance(0.8)
    return {
      number: numbers.next++,
      request,
      ordered: random.chance(0.85),
      behaviour: behaviourOf(random, trouble, request),
      timeoutMs: random.chance(impatience) ? random.whole(1, 6_000) : request ? PATIENT_MS : undefined,
    }
  })
  return { plans, paceMs: random.skewed(1, activeMs / count), cancels: random.chance(0.2) ? 0.3 : 0 }
}

function behaviourOf(random: Random, trouble: number, request: boolean): Behaviour {
  const ms = random.chance(0.5) ? 0 : Math.round(random.skewed(1, 800))
  if (random.chance(trouble)) {
    const kind = random.pick(['fail', 'fail', 'poison', 'reject'] as const)
    return kind === 'fail' ? { kind, times: random.whole(1, 2), ms } : { kind, ms }
  }
  const kind = random.next()
  if (kind < 0.1 && request) return { kind: 'stream', chunks: random.whole(1, 6), ms: Math.min(ms, 100) }
  if (kind >= 0.75) return { kind: 'keep', ms }
  return kind < 0.2 ? { kind: 'push', ms } : { kind: 'ok', ms }
}

function faultsOf(random: Random, kinds: readonly FaultKind[], activeMs: number): Fault[] {
  const faults = Array.from({ length: random.whole(0, 14) }, (): Fault => faultOf(random, random.pick(kinds), activeMs))
  return faults.sort((a, b) => a.atMs - b.atMs)
}

const faultOf = (random: Random, kind: FaultKind, activeMs: number): Fault => ({
  atMs: CALM_MS + random.between(0, activeMs),
  kind,
  forMs: random.skewed(20, 12_000),
  target: random.whole(0, 1_000),
})
