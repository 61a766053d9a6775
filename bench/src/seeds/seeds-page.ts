// The text of docs/seeds.md: what is hand-written stands here and in the studies, every figure comes from what is kept in docs/seeds.
import { barChartSvg } from '../bar-chart.ts'
import { KeptPage } from '../capacity/kept-page.ts'
import type { Findings, Point, Study } from '../capacity/study.ts'
import { type StudyPage, sectionsOf } from '../capacity/study-section.ts'
import { GENERATOR_LIMIT } from '../limits.ts'
import { SEEDS } from './seeds.ts'

const NAME = 'seeds'
const STUDIES: readonly Study[] = SEEDS.map(({ study }) => study)

const INTRO = `# The articles' tables, measured again

<!-- written by npm run bench:${NAME}; change bench/src/seeds, not this file -->

Causeway was built after five articles, each of which gives figures for what it recommends: buffered writes, more workers, binary serialisation, pooled connections, less garbage. Their figures come from other machines, languages and loads, told in few words; here each table is measured again on one machine, in the manner that the article calls *before* and in Causeway's own, in turn in the same run.

So absolute figures of an article and of ours don't compare; how many times better the second manner is than the first does, with care. In each second table *article’s ratio* holds ours against the article's; where it is not reached, that stands there too; one reason is a *before* that is good here already. *Times better than theirs* is how many times better our second figure is than the article's, whatever machine that came from.

Figures are medians over rounds, with the least and the most in brackets; rounds are outermost, so that what disturbs the machine meets both manners. A generator that used more than ${Math.round(GENERATOR_LIMIT * 100)} % of a core is marked: it may be the limit, not what it measures. Ratios are of medians.`

const COMMANDS = `## Commands

    npm run bench:seeds                                   # all of it
    npm run bench:seeds -- --only workers,pooling         # some of it
    npm run bench:seeds -- --rounds 5 --seconds 3

Each table is printed, kept in docs/${NAME} and written to this page as soon as it is measured; \`--no-write\` leaves both as they are, \`--page\` writes the page of what is kept.`

export function seedsPage(findings: readonly Findings[]): StudyPage {
  const charts: StudyPage['charts'] = []
  const sections = sectionsOf(STUDIES, findings, NAME, charts, seedChart)
  return { markdown: `${[INTRO, ...sections.map(promoted), COMMANDS].join('\n\n')}\n`, charts }
}

/** One level up: there is none between these sections and the page. */
const promoted = (section: string): string => section.replace(/^###/, '##')

/** A bar for each point, ours set apart; undefined where none has the figure that is drawn. */
function seedChart({ id, title, of, plot }: Study, points: readonly Point[]): string | undefined {
  const drawn = points.filter(({ figures }) => figures[plot.figure] !== undefined)
  if (drawn.length === 0) return undefined
  const { ours } = SEEDS.find(({ study }) => study.id === id)!
  const bars = drawn.map(({ line = title, at, figures }) => ({
    label: `${line}, ${at.toLocaleString('en')}`,
    value: figures[plot.figure],
    isOurs: ours.includes(line),
  }))
  return barChartSvg({ title, unit: `${plot.unit}; labels end with ${of}`, bars })
}

/** docs/seeds.md, and docs/seeds. */
export const SEEDS_PAGE = new KeptPage(NAME, STUDIES, seedsPage)
