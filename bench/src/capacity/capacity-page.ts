// The text of docs/capacity.md: what is hand-written stands here and in the studies, every figure comes from what is kept in docs/capacity.
import { GROWTH_STUDIES } from './growth-studies.ts'
import { LOAD_STUDIES } from './load-studies.ts'
import { millionSection } from './million-section.ts'
import type { Findings, Study } from './study.ts'
import { type StudyPage, sectionsOf } from './study-section.ts'

/** Where charts and figures lie, seen from the page. */
export const CAPACITY_FOLDER = 'capacity'
export const STUDIES: readonly Study[] = [...GROWTH_STUDIES, ...LOAD_STUDIES]

const INTRO = `# Capacity

<!-- written by npm run bench:growth; change bench/src/capacity, not this file -->

How cost grows: what a session, a connection, a worker, a partition, a subscriber or a byte more takes, on one machine with everything on it, gateways, workers, Kafka, Redis and load generators. Beside others, Causeway stands in [performance.md](performance.md).

Figures are medians over rounds, with the least and the most in brackets; rounds are outermost where sizes share a system, so that what disturbs the machine meets all of them. A generator that used more than 90 % of a core is marked: it may be the limit, not what it measures. Each study is kept in docs/capacity, and \`--only\` measures one of them again.`

const COMMANDS = `## Commands

    npm run bench:growth                                  # sessions to subscribers, about eight minutes
    npm run bench:growth -- --only channels               # one study of it
    npm run bench:growth -- --only idle,active --sessions 10000
    npm run bench:dispatch                                # places, uneven keys, workers that wait; about five minutes
    npm run bench:overload                                # about three minutes
    npm run bench:neighbours                              # about two minutes

Each prints its tables, keeps them and writes this page anew; \`--no-write\` leaves it as it is, \`--help\` lists the options.`

export function capacityPage(findings: readonly Findings[]): StudyPage {
  const charts: StudyPage['charts'] = []
  const sections = (studies: readonly Study[]): string[] => sectionsOf(studies, findings, CAPACITY_FOLDER, charts)
  const markdown = [
    INTRO,
    millionSection(findings),
    '## How cost grows',
    ...sections(GROWTH_STUDIES),
    '## Under load',
    ...sections(LOAD_STUDIES),
    COMMANDS,
  ].join('\n\n')
  return { markdown: `${markdown}\n`, charts }
}
