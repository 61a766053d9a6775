// The text of docs/stages.md: what is hand-written stands here and in the sections, every figure comes from what is kept.
import { accountSection } from './account-section.ts'
import { flameSection } from './flame-section.ts'
import type { Circumstances, KeptStages } from './found.ts'

export interface StagesPage {
  markdown: string
  charts: { file: string; svg: string }[]
}

const INTRO = `# Where the time goes

<!-- written by npm run bench:stages; change bench/src/stages, not this file -->

A round trip stage by stage, and what the processes on its way spend their CPU time on: echoes of 200 B on one machine that runs everything, the load generator too.
How fast it is as a whole, beside what one would use in its place, is in [performance.md](performance.md); what each stage does is in [architecture.md](architecture.md).`

export function stagesPage({ account, flames }: KeptStages): StagesPage {
  const { sections: accounted = [], charts = [] } = account === undefined ? {} : accountSection(account)
  const sections = [INTRO, ...accounted, ...(flames === undefined ? [] : flameSection(flames))]
  const commands = [
    ...(account === undefined ? [] : [circumstancesText('The account', account, account.systems)]),
    ...(flames === undefined ? [] : [circumstancesText('The flame graphs', flames, flames.processes)]),
  ]
  return { markdown: `${[...sections, '## Machine and command', ...commands].join('\n\n')}\n`, charts }
}

function circumstancesText(what: string, { machine, date, command }: Circumstances, systems: readonly Versioned[]): string {
  const { cores, processor, memoryGiB, system, node } = machine
  return `${what}: ${cores} cores, ${processor}, ${memoryGiB} GiB, ${system}, Node ${node}, ${versionsText(systems)}; ${date.slice(0, 10)}:

    ${command}`
}

interface Versioned {
  versions: Readonly<Record<string, string>>
}

function versionsText(systems: readonly Versioned[]): string {
  const versions = Object.assign({}, ...systems.map(each => each.versions)) as Record<string, string>
  return Object.entries(versions)
    .map(entry => entry.join(' '))
    .join(', ')
}
