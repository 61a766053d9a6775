import { CODEC_MS, GENERATOR_GRACE_MS } from '../limits.ts'
import { packageVersions } from '../package-version.ts'
import { SourceProcess } from '../source-process.ts'
import type { RunningTrials, TrialGroup, TrialResult } from '../trial.ts'
import type { CodecName } from './codecs.ts'
import type { CodecRun } from './run-codec.ts'

const RUN = new URL('./codec-run.ts', import.meta.url)
const NAMES: readonly CodecName[] = ['json', 'msgpackr', 'msgpackr records', 'protobufjs']
const DIRECTIONS = ['encode', 'decode'] as const

export const CODEC_TRIALS: TrialGroup = {
  id: 'codecs',
  name: 'Codecs',
  what: 'the same object of some 200 B to bytes and back, in one thread; json is what Causeway’s handlers get by default; msgpackr as standard MessagePack and with its own records',
  start: async () => codecTrials(RUN, NAMES),
}

/** Each codec in each direction; `module` calls runCodec of run-codec.ts. */
export const codecTrials = (module: URL, names: readonly string[]): RunningTrials => ({
  trials: DIRECTIONS.flatMap(direction =>
    names.map(name => ({ name: `${name}, ${direction}`, unit: 'objects', run: () => run(module, name, direction) })),
  ),
  versions: packageVersions('msgpackr', 'protobufjs'),
  [Symbol.asyncDispose]: async () => {},
})

async function run(module: URL, name: string, direction: string): Promise<TrialResult> {
  const process = new SourceProcess('codec run', module, [name, direction, String(CODEC_MS)])
  try {
    const { objects, seconds, cpuSeconds } = await process.next<CodecRun>(CODEC_MS + GENERATOR_GRACE_MS)
    return { perSecond: objects / seconds, cpuSecondsPer1000: { codec: (cpuSeconds * 1_000) / objects } }
  } finally {
    await process.stop()
  }
}
