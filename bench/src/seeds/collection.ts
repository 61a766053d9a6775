import { setTimeout as sleep } from 'node:timers/promises'
import { CPU, figuresOf, GENERATOR, PER_SECOND } from '../capacity/figures.ts'
import type { Found } from '../capacity/run-studies.ts'
import { type Column, type Figures, type Point, pointOf } from '../capacity/study.ts'
import { causewayEmbedded, causewayOn, type EmbeddedOptions } from '../causeway.ts'
import { Generators } from '../generators.ts'
import { REAL } from '../growth/growth-run.ts'
import { measureOnce } from '../measure.ts'
import { interleaved } from '../rounds.ts'
import { DEEP, PAYLOAD_SIZE } from '../shapes.ts'
import type { Probe, Subject } from '../subject.ts'
import type { CollectionQuestion } from './collection-probe.ts'
import type { Collections } from './collections.ts'
import { COLLECTION_WARM_UP_MS, PROBE_TIMEOUT_MS } from './limits.ts'
import { type Claim, claimsTable, type Seed, type SeedRun } from './seed.ts'

const PROBE = new URL('./collection-probe.ts', import.meta.url)
/** What Node does where it is told nothing. */
const BY_ITSELF = 0
/** MiB of a semi-space: what Node begins with, and those that are usual. */
const [LEAST, LARGE] = [1, 64] as const
const SPACES = [LEAST, BY_ITSELF, 16, 32, 64] as const
const MIB = 1 << 20
const KIB = 1 << 10

/** Both forms. */
const SUBJECTS: readonly ((own: EmbeddedOptions) => Subject)[] = [own => causewayOn({ ...REAL, ...own }), causewayEmbedded]

const flagsOf = (space: number): string[] =>
  space === BY_ITSELF ? [] : [`--min-semi-space-size=${space}`, `--max-semi-space-size=${space}`]

const nameOf = (space: number): string => (space === BY_ITSELF ? 'by itself' : `${space} MiB`)
/** Processes, in the order of the page. */
const LINES: readonly string[] = ['gateway', 'worker', 'causeway']
const claims = LINES.flatMap(line =>
  [
    [LEAST, BY_ITSELF],
    [BY_ITSELF, LARGE],
  ].map(
    ([from, to]): Claim => ({
      what: `% of time, ${line}, ${nameOf(from)} → ${nameOf(to)}`,
      article: [35, 12],
      ours: [
        { line, at: from },
        { line, at: to },
      ],
      ...{ figure: 'collecting', isLess: true },
    }),
  ),
)

const COLUMNS: readonly Column[] = [
  PER_SECOND,
  { figure: 'cpuUs', name: 'µs of CPU a message', as: 1 },
  { figure: 'collecting', name: 'collecting, % of time', as: 1 },
  { figure: 'collectingOfCpu', name: '% of CPU time', as: 1 },
  { figure: 'collectionsPerSecond', name: 'collections/s', as: 1 },
  { figure: 'allocatedKiB', name: 'KiB allocated a message', as: 2 },
  { figure: 'residentMiB', name: 'resident MiB', as: 0 },
  GENERATOR,
]

export const COLLECTION: Seed = {
  ours: LINES,
  study: {
    id: 'collection',
    title: 'Garbage collection',
    what: `gateway and worker on Kafka and Redis, and both in one process (*causeway*, embedded), under ${DEEP.name} echoes of ${PAYLOAD_SIZE} B, by the size of V8’s semi-spaces, where objects are born (\`--min-semi-space-size\`, \`--max-semi-space-size\`; ${BY_ITSELF}: what Node does by itself, beginning with 1 MiB and growing as more survives). Each system is started anew for each round. Collecting is the time in which the main thread stood still for it (until it had a core again), beside all time and beside the CPU time of the process; threads that help are not in it. Allocated is what went on the heap, without buffers. The article told of objects pooled, by which 70 % fewer were allocated; nothing is pooled here, what a message allocates is what it is with each space, and so that figure has no *before*`,
    of: 'MiB of a semi-space',
    lines: 'process',
    columns: COLUMNS,
    plot: { figure: 'perSecond', unit: 'round trips a second through the process', logarithmic: [] },
    conclude: claimsTable(claims),
  },
  measure: measureCollection,
}

async function measureCollection({ rounds, seconds, tell }: SeedRun): Promise<Found> {
  const versions = {}
  const steps = SUBJECTS.flatMap(subject => SPACES.map(space => ({ subject, space })))
  const found = await interleaved(steps, rounds, async ({ subject, space }, round) => {
    await using system = await subject({ probe: PROBE, nodeFlags: flagsOf(space) }).start()
    Object.assign(versions, system.versions)
    const measureMs = seconds * 1_000
    await using generators = new Generators(system, { shape: DEEP, warmUpMs: COLLECTION_WARM_UP_MS, measureMs })
    const probes = Object.entries(system.probes!)
    const ask = <T>(question: CollectionQuestion): Promise<T[]> =>
      Promise.all(probes.map(([, probe]) => (probe as Probe).ask<T>(question, PROBE_TIMEOUT_MS)))
    let looked: Collections[] = []
    const figures = figuresOf(
      await measureOnce(system, DEEP, generators, async () => {
        await ask('begin')
        await sleep(measureMs)
        looked = await ask('end')
      }),
    )
    tell(`round ${round}: ${probes.map(([name]) => name)}, ${space} MiB: ${Math.round(figures.perSecond)}/s`)
    return new Map(probes.map(([name], index) => [name, collectionFigures(name, figures, looked[index])]))
  })
  const points = steps.flatMap(({ space }, index) => pointsOf(space, found[index]))
  return {
    points: points.toSorted((a, b) => LINES.indexOf(a.line!) - LINES.indexOf(b.line!)),
    versions,
  }
}

/** A point for each process of a system. */
const pointsOf = (space: number, runs: readonly Map<string, Figures>[]): Point[] =>
  [...runs[0].keys()].map(name =>
    pointOf(
      space,
      runs.map(run => run.get(name)!),
      name,
    ),
  )

/** Of one process; its messages are those that the generator counted a second. */
function collectionFigures(name: string, { perSecond, generatorCpuShare, ...all }: Figures, looked: Collections): Figures {
  const { seconds, cpuSeconds, collectingSeconds, count, allocatedBytes, residentBytes } = looked
  return {
    ...{ perSecond, generatorCpuShare },
    cpuUs: all[`${CPU}${name}`] * 1_000,
    collecting: (collectingSeconds * 100) / seconds,
    collectingOfCpu: (collectingSeconds * 100) / cpuSeconds,
    collectionsPerSecond: count / seconds,
    allocatedKiB: allocatedBytes / KIB / (perSecond * seconds),
    residentMiB: residentBytes / MIB,
  }
}
