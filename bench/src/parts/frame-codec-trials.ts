import { codecTrials } from '../peers/codec-trials.ts'
import type { TrialGroup } from '../trial.ts'

const RUN = new URL('./frame-codec-run.ts', import.meta.url)
const NAMES = ['frame', 'msgpackr', 'msgpackr records', 'protobufjs'] as const

export const FRAME_CODEC_TRIALS: TrialGroup = {
  id: 'frame-codec',
  name: 'Frame codec',
  what: 'a version-2 REQUEST with 200 B of payload to bytes and back, in one thread, and the same object by others; msgpackr as standard MessagePack and with its own records',
  start: async () => codecTrials(RUN, NAMES),
}
