// All that `npm run bench:parts` knows, and what each part is held against.
import { CHANNEL_TARGET } from '../ratios.ts'
import type { TrialGroup } from '../trial.ts'
import { channelTrials } from './channel-trials.ts'
import { FRAME_CODEC_TRIALS } from './frame-codec-trials.ts'
import { readingPath } from './reading-path.ts'

/** `seconds`: measured time of a trial. */
export const partGroups = (seconds: number): TrialGroup[] => [readingPath(seconds), FRAME_CODEC_TRIALS, channelTrials(seconds)]

export const PART_IDS: readonly string[] = partGroups(1).map(({ id }) => id)

/** Two trials of a group that are divided by each other. */
export interface Comparand {
  group: string
  ours: string
  peer: string
  /** How many times the peer's figure is meant to be reached, by the step of the work that asks for it. */
  targets: readonly number[]
}

const versus = (group: string, ours: string, peer: string, ...targets: readonly number[]): Comparand => ({ group, ours, peer, targets })

export const COMPARANDS: readonly Comparand[] = [
  versus('reading-path', 'gateway, tcp, 64 x 1', 'net echo, 64 x 1', 0.4, 0.5),
  versus('reading-path', 'gateway, tcp, 64 x 16', 'net echo, 64 x 16', 0.4, 0.5),
  versus('reading-path', 'gateway, websocket, 64 x 1', 'ws echo, 64 x 1'),
  versus('reading-path', 'gateway, websocket, 64 x 16', 'ws echo, 64 x 16', 4, 5),
  ...['encode', 'decode'].flatMap(direction =>
    ['msgpackr', 'msgpackr records', 'protobufjs'].map(peer => versus('frame-codec', `frame, ${direction}`, `${peer}, ${direction}`)),
  ),
  // the second is faster than what was asked for where messages come together: both are held against the target
  ...['1', '10', '100', '1,000', '10,000'].flatMap(count => [
    versus('channels', `gateway, ${count}`, `socket writes, ${count}`, CHANNEL_TARGET),
    versus('channels', `gateway, ${count}`, `joined writes, ${count}`, CHANNEL_TARGET),
  ]),
]
