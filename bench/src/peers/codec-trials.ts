import { CODEC_MS, GENERATOR_GRACE_MS } from '../limits.ts'
import { packageVersions } from '../package-version.ts'
import { SourceProcess } from '../source-process.ts'
import type { Trial, TrialGroup, TrialResult } from '../trial.ts'
import type { CodecRun } from './codec-run.ts'
import type { CodecName } from './codecs.ts'

const RUN = new URL('./codec-run.ts', import.meta.url)
const NAMES: readonly CodecName[] = ['json', 'msgpackr', 'msgpackr records', 'protobufjs']
const DIRECTIONS = ['encode', 'decode'] as const

export const CODEC_TRIALS: TrialGroup = {
  id: 'codecs',
  name: 'Codecs',
  what: 'the same object of some 200 B to bytes and back, in one thread; json is what Causeway’s handlers get by default; msgpackr as standard MessagePack and with its own records',
  start: async () => ({
    trials: DIRECTIONS.flatMap(direction => NAMES.map(name => trial(name, direction))),
    versions: packageVersions('msgpackr', 'protobufjs'),
    [Symbol.asyncDispose]: async () => {},
  }),
}

const trial = (name: CodecName, direction: (typeof DIRECTIONS)[number]): Trial => ({
  name: `${name}, ${direction}`,
  unit: 'objects',
  run: () => run(name, direction),
})

async function run(name: CodecName, direction: string): Promise<TrialResult> {
  const process = new SourceProcess('codec run', RUN, [name, direction, String(CODEC_MS)])
  try {
    const { objects, seconds, cpuSeconds } = await process.next<CodecRun>(CODEC_MS + GENERATOR_GRACE_MS)
    return { perSecond: objects / seconds, cpuSecondsPer1000: { codec: (cpuSeconds * 1_000) / objects } }
  } finally {
    await process.stop()
  }
}
