import { type Bar, barChartSvg } from './bar-chart.ts'
import type { Comparison, SubjectReport } from './compare.ts'
import { DEEP } from './shapes.ts'

/** A chart of the page. */
export interface Chart {
  /** Of its file in docs/performance. */
  file: string
  alt: string
  svg: string
}

/** A chart for each shape, one of the bare transports, one for each group of trials; none where nothing was measured. */
export function chartsOf({ shapes, subjects, trials }: Comparison): Chart[] {
  const compared = subjects.filter(({ kind }) => kind !== 'transport')
  const transports = subjects.filter(({ kind }) => kind === 'transport')
  const unit = 'round trips a second'
  return [
    ...shapes.map(shape => chart(`Round trips, connections x depth ${shape}`, `round-trips-${slug(shape)}`, unit, barsOf(compared, shape))),
    ...shapes
      .filter(shape => shape === DEEP.name)
      .map(shape => chart(`Transports alone, ${shape}`, `transports-${slug(shape)}`, unit, barsOf(transports, shape))),
    ...trials.map(({ id, name, rows }) => {
      const bars = rows.map(row => ({ label: row.name, value: row.perSecond, isOurs: false }))
      return chart(name, id, 'a second', bars)
    }),
  ].flatMap(each => each ?? [])
}

function barsOf(subjects: readonly SubjectReport[], shape: string): Bar[] {
  return subjects.flatMap(({ name, kind, rows }) =>
    rows.filter(row => row.shape === shape).map(row => ({ label: name, value: row.roundTripsPerSecond, isOurs: kind === 'ours' })),
  )
}

function chart(title: string, name: string, unit: string, bars: readonly Bar[]): Chart | undefined {
  return bars.length === 0 ? undefined : { file: `${name}.svg`, alt: title, svg: barChartSvg({ title, unit, bars }) }
}

/** As it stands in a file's name. */
export const slug = (text: string): string => text.replaceAll(/[^a-z0-9]+/gi, '-')
