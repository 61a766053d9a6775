import type { Found } from '../capacity/run-studies.ts'
import { type Figures, pointOf } from '../capacity/study.ts'
import { GENERATOR_GRACE_MS } from '../limits.ts'
import { packageVersions } from '../package-version.ts'
import { interleaved } from '../rounds.ts'
import { SourceProcess } from '../source-process.ts'
import { ALLOCATION_SPACE_MIB } from './limits.ts'
import { type Claim, claimsTable, type Seed, type SeedRun } from './seed.ts'
import { CODEC_NAMES, type CodecName } from './serialisation-codecs.ts'
import { OBJECT_NAMES, type ObjectName, sizeOf } from './serialisation-objects.ts'
import type { SerialisationRun } from './serialisation-run.ts'

const RUN = new URL('./serialisation-run.ts', import.meta.url)
/** Measured time of a direction, by the seconds of a round: there are twenty of them in each. */
const SHARE_OF_SECONDS = 0.25
/** Room for what is allocated, so that nothing is collected meanwhile. */
const ROOM = ['--expose-gc', `--min-semi-space-size=${ALLOCATION_SPACE_MIB}`, `--max-semi-space-size=${ALLOCATION_SPACE_MIB}`]

type Told = Pick<Claim, 'what' | 'figure'> & { json: number; kryo: number; protobuf: number }
const TOLD: readonly Told[] = [
  { what: 'µs an object', figure: 'bothUs', json: 85, kryo: 42, protobuf: 38 },
  { what: 'collections per 10,000', figure: 'collections', json: 12, kryo: 6, protobuf: 3 },
  { what: 'MB allocated per 100,000', figure: 'allocatedMB', json: 48, kryo: 22, protobuf: 18 },
]

const claimsOf = (object: ObjectName): Claim[] =>
  TOLD.flatMap(({ what, figure, json, kryo, protobuf }) => {
    const at = sizeOf(object)
    const claim = (told: string, line: CodecName, after: number): Claim => ({
      what: `${what}, ${at.toLocaleString('en')} B: JSON → ${told}`,
      article: [json, after],
      ours: [
        { line: 'JSON', at },
        { line, at },
      ],
      ...{ figure, isLess: true },
    })
    return [claim('Kryo; here MessagePack, records', 'MessagePack, records', kryo), claim('Protobuf', 'Protobuf', protobuf)]
  })

export const SERIALISATION: Seed = {
  ours: ['JSON', 'MessagePack', 'Protobuf'],
  study: {
    id: 'serialisation',
    title: 'Serialisation',
    what: 'two orders, of 200 B and of 1 KB as JSON, to bytes and back, by what Causeway’s handlers may use (JSON by default, MessagePack, Protobuf) and by what the articles name beside it; each in a process of its own; µs are CPU time of its thread. *MessagePack* by msgpackr, standard or with its own records, which leave out what both sides know, as Kryo’s do; *Protobuf* by protobufjs; *Avro* by avsc. Allocated is what heap and buffers grow by while nothing is collected; collections are V8’s of all kinds. JSON is part of V8, the others are JavaScript: what a library saves in bytes it first has to make up for in time. The article measured Java',
    of: 'bytes as JSON',
    lines: 'codec',
    columns: [
      { figure: 'bytes', name: 'bytes', as: 0 },
      { figure: 'encodeUs', name: 'encode µs', as: 2 },
      { figure: 'decodeUs', name: 'decode µs', as: 2 },
      { figure: 'bothUs', name: 'both µs', as: 2 },
      { figure: 'collections', name: 'collections per 10,000', as: 2 },
      { figure: 'allocatedMB', name: 'MB per 100,000', as: 0 },
    ],
    plot: { figure: 'perSecond', unit: 'objects to bytes and back a second', logarithmic: [] },
    conclude: claimsTable(OBJECT_NAMES.flatMap(claimsOf)),
  },
  measure: measureSerialisation,
}

async function measureSerialisation({ rounds, seconds, tell }: SeedRun): Promise<Found> {
  const steps = OBJECT_NAMES.flatMap(object => CODEC_NAMES.map(codec => ({ object, codec })))
  const ms = seconds * 1_000 * SHARE_OF_SECONDS
  const found = await interleaved(steps, rounds, async ({ object, codec }, round) => {
    const times = await run([codec, object, 'times', String(ms)], ms)
    const figures: Figures = { ...times, bothUs: times.encodeUs + times.decodeUs, ...(await run([codec, object, 'allocated'], ms, ROOM)) }
    tell(`round ${round}: ${codec}, ${object}: ${figures.bothUs.toFixed(2)} µs`)
    return figures
  })
  const points = steps.map(({ object, codec }, index) => pointOf(sizeOf(object), found[index], codec))
  return { points, versions: packageVersions('msgpackr', 'protobufjs', 'avsc') }
}

async function run(args: readonly string[], ms: number, nodeFlags: readonly string[] = []): Promise<Figures> {
  await using parts = new AsyncDisposableStack()
  const started = new SourceProcess('serialisation run', RUN, args, { nodeFlags })
  parts.defer(() => started.stop())
  return await started.next<SerialisationRun>(ms + GENERATOR_GRACE_MS)
}
