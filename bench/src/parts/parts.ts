// All that `npm run bench:parts` knows: a new part is one line here, and one in comparands.ts for each that it is held against.
import { channelTrials } from './channel-trials.ts'
import { connections } from './connect.ts'
import { DISPATCH } from './dispatch.ts'
import { fanBack } from './fan-back.ts'
import { FRAME_CODEC_TRIALS } from './frame-codec-trials.ts'
import { MEMORY } from './memory.ts'
import type { PartGroup } from './part-group.ts'
import { PRODUCE } from './produce.ts'
import { readingPath } from './reading-path.ts'

/** `seconds`: measured time of a trial, where it is not the time that so many units take. */
export const partGroups = (seconds: number): PartGroup[] => [
  readingPath(seconds),
  FRAME_CODEC_TRIALS,
  channelTrials(seconds),
  PRODUCE,
  DISPATCH,
  fanBack(seconds),
  connections(seconds),
  MEMORY,
]

const ALL = partGroups(1)

export const PART_IDS: readonly string[] = ALL.map(({ id }) => id)

/** Which of them start servers that a machine may not have, for people. */
export const PART_NEEDS: string = ALL.flatMap(({ id, needs = [] }) => (needs.length > 0 ? [`${id} (${needs.join(', ')})`] : [])).join(', ')
