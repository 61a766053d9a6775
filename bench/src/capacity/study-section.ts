// A study as text: the same on docs/capacity.md and in a terminal.

import { GENERATOR_LIMIT } from '../limits.ts'
import { lineChartSvg } from '../line-chart.ts'
import { markdownTable } from '../markdown.ts'
import { spreadText } from '../report.ts'
import type { Spread } from '../statistics.ts'
import { CPU } from './figures.ts'
import type { Column, Findings, Point, Study } from './study.ts'

export interface StudyPage {
  markdown: string
  charts: { file: string; svg: string }[]
}

/** A section for each study, with its chart where it has one: those go to `charts`, and lie in `folder` as the page sees it. */
export const sectionsOf = (
  studies: readonly Study[],
  findings: readonly Findings[],
  folder: string,
  charts: StudyPage['charts'],
  chart: (study: Study, points: readonly Point[]) => string | undefined = studyChart,
): string[] =>
  studies.map(study => {
    const found = findings.find(each => each.study === study.id)
    if (found === undefined) return `### ${study.title}\n\nNot measured yet.`
    const svg = chart(study, found.points)
    if (svg === undefined) return studySection(study, found)
    const file = `${study.id}.svg`
    charts.push({ file, svg })
    return studySection(study, found, `${folder}/${file}`)
  })

/** Title, what was measured, table, what follows, and on what machine. `image`: the chart, where the text stands beside one. */
export function studySection(study: Study, findings: Findings, image?: string): string {
  const { machine, versions, date, rounds, seconds, tookSeconds, command } = findings
  const { cores, processor, memoryGiB, system, node } = machine
  const parts = Object.entries({ Node: node, ...versions }).map(entry => entry.join(' '))
  return [
    `### ${study.title}`,
    `Measured: ${study.what}.`,
    ...(image === undefined ? [] : [`![${study.title}](${image})`]),
    pointsTable(study, findings.points),
    ...(study.conclude?.(findings.points) ?? []),
    `Medians of ${times(rounds)} of ${seconds} s, least and most in brackets; ${cores} cores, ${processor}, ${memoryGiB} GiB, ${system}, everything on it; ${parts.join(', ')}; ${date.slice(0, 10)}. Took ${tookSeconds} s: \`${command}\`.`,
  ].join('\n\n')
}

const times = (rounds: number): string => (rounds === 1 ? 'one round' : `${rounds} rounds`)

/** A row for each point, in their order. */
export function pointsTable({ of, lines, columns }: Study, points: readonly Point[]): string {
  const header = [...(lines === undefined ? [] : [lines]), of, ...columns.map(({ name }) => name)]
  const rows = points.map(point => [
    ...(lines === undefined ? [] : [point.line ?? '']),
    number(point.at, 2),
    ...columns.map(column => cell(column, point.figures)),
  ])
  return markdownTable([header, ...rows])
}

function cell({ figure, as }: Column, figures: Readonly<Record<string, Spread>>): string {
  if (as === 'cpu') return cpuText(figures)
  const value = figures[figure]
  if (value === undefined) return ''
  if (as !== 'share') return spreadText(value, each => number(each, as))
  const mark = figure === 'generatorCpuShare' && value.median > GENERATOR_LIMIT ? ', may be the limit' : ''
  return `${number(value.median * 100, 1)} %${mark}`
}

const cpuText = (figures: Readonly<Record<string, Spread>>): string =>
  Object.entries(figures)
    .filter(([name]) => name.startsWith(CPU))
    .map(([name, { median }]) => `${name.slice(CPU.length)} ${Number(median.toPrecision(2))}`)
    .join(', ')

const number = (value: number, decimals: number): string => value.toLocaleString('en', { maximumFractionDigits: decimals })

/** Of points that are not none; undefined where none has the figure that is drawn. */
export function studyChart({ title, of, plot }: Study, points: readonly Point[]): string | undefined {
  const drawn = points.filter(({ figures }) => figures[plot.figure] !== undefined)
  if (drawn.length === 0) return undefined
  const lines = [...Map.groupBy(drawn, ({ line }) => line ?? title)].map(([label, ofLine]) => ({
    label,
    points: ofLine.map(({ at, figures }) => ({ at, value: figures[plot.figure] })),
  }))
  return lineChartSvg({ title, unit: plot.unit, of, lines, logarithmic: plot.logarithmic })
}
