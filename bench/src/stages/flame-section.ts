// The flame graphs of docs/stages.md: what is hand-written stands here, every figure comes from what is kept.
import { markdownTable } from '../markdown.ts'
import { percent } from './flame-svg.ts'
import type { Cost } from './flame-tree.ts'
import { type KeptFlame, type KeptFlames, STAGES_FOLDER } from './found.ts'

/** Of a process's graph in the folder. */
export const graphFile = (id: string): string => `flame-${id}.svg`

/** Packages that cost less are not listed. */
const LEAST_GROUP = 0.005

const NAMES: Readonly<Record<string, string>> = {
  gateway: 'The gateway',
  worker: 'The worker',
  embedded: 'Embedded: gateway, worker and stores in one process',
}

export const flameSection = (flames: KeptFlames): string[] => [
  '## What the CPU time is spent on',
  `Flame graphs of V8's sampling profiler, of ${flames.seconds} s at 64 x 16 after a warm-up, gateway and worker in the same run. A frame is as wide as its share of the time in which the process did anything; callers lie below what they call; frames below 0.3 % are merged. Opened by itself, a graph tells the exact shares of each frame under the pointer. The profiler costs some throughput: figures here are for comparing shares.`,
  ...flames.processes.flatMap(processSection),
]

function processSection(kept: KeptFlame): string[] {
  const { id, busy, roundTripsPerSecond, functions, groups } = kept
  const name = NAMES[id] ?? id
  const perSecond = Math.round(roundTripsPerSecond).toLocaleString('en')
  return [
    `### ${name}`,
    `Busy ${percent(busy)} of the time, at ${perSecond} round trips a second.`,
    `![Flame graph: ${name}](${STAGES_FOLDER}/${graphFile(id)})`,
    markdownTable([['package', 'itself', 'with what it calls'], ...groups.filter(({ self }) => self >= LEAST_GROUP).map(cells)]),
    markdownTable([['function', 'itself', 'with what it calls'], ...functions.map(cells)]),
  ]
}

const cells = ({ name, self, total }: Cost): string[] => [`\`${name}\``, percent(self), percent(total)]
