// What `npm run bench:dispatch`, `bench:overload` and `bench:neighbours` measure.
import { heldAgainst } from '../ratios.ts'
import { GENERATOR, LATENCIES, PER_SECOND } from './figures.ts'
import type { Column, Point, Study } from './study.ts'

const IDEAL: readonly Column[] = [
  { figure: 'ideal', name: 'ideal', as: 0 },
  { figure: 'ofIdeal', name: 'of it', as: 2 },
]
const DISPATCHED: readonly Column[] = [PER_SECOND, ...IDEAL, ...LATENCIES, GENERATOR]
const ideal = 'The ideal is what so many places do whose handlers take so long, or what the machine can without waiting where that is less'

export const PLACES_STUDY: Study = {
  id: 'places',
  title: 'Places of a worker',
  what: `one worker that handles so many messages at a time, whose handlers wait. ${ideal}`,
  of: 'places',
  lines: 'handler',
  columns: DISPATCHED,
  plot: { figure: 'perSecond', unit: 'answers a second', logarithmic: ['x', 'y'] },
}

export const UNEVEN_STUDY: Study = {
  id: 'uneven',
  title: 'Uneven keys',
  what: `one worker of 64 places and 64 sessions, one of which has nine of ten outstanding messages; its own are handled one at a time. ${ideal}`,
  of: 'ms of a handler',
  lines: 'sessions',
  columns: DISPATCHED,
  plot: { figure: 'perSecond', unit: 'answers a second', logarithmic: ['x', 'y'] },
}

export const SHARING_STUDY: Study = {
  id: 'sharing',
  title: 'Workers that wait',
  what: `several workers of 16 places each. ${ideal}`,
  of: 'workers',
  lines: 'handler',
  columns: DISPATCHED,
  plot: { figure: 'perSecond', unit: 'answers a second', logarithmic: ['x', 'y'] },
}

/** Share of the best goodput that is to be left at twice the load. */
const GOODPUT_TARGET = 0.9

export const OVERLOAD_STUDY: Study = {
  id: 'overload',
  title: 'Overload',
  what: 'requests offered at a pace, whatever becomes of them, by what the places of one worker can do (by default 16 of 20 ms; 64 sessions, whose requests may take 2 s): what was answered while it was offered, refused, or too late',
  of: 'times what is sustainable',
  columns: [
    { figure: 'goodput', name: 'answers/s', as: 0 },
    { figure: 'ideal', name: 'ideal', as: 0 },
    { figure: 'OVERLOADED', name: 'OVERLOADED', as: 0 },
    { figure: 'TIMEOUT', name: 'TIMEOUT', as: 0 },
    { figure: 'others', name: 'others', as: 0 },
  ],
  plot: { figure: 'goodput', unit: 'answers a second', logarithmic: [] },
  conclude: goodputLeft,
}

function goodputLeft(points: readonly Point[]): string[] {
  const goodputs = points.map(({ figures }) => figures.goodput.median)
  const last = points.toSorted((a, b) => a.at - b.at).at(-1)
  if (last === undefined) return []
  const ratio = last.figures.goodput.median / Math.max(...goodputs)
  return [
    `At ${last.at} times the sustainable load ${ratio.toFixed(2)} of the best is left (target ${heldAgainst(GOODPUT_TARGET, ratio)}).`,
  ]
}

export const NEIGHBOURS_STUDY: Study = {
  id: 'neighbours',
  title: 'A poisoned neighbour',
  what: 'echoes of sessions at a steady pace (by default 64 sessions, 2,000 echoes a second together), alone and beside one more session all of whose messages fail',
  of: 'failing messages outstanding',
  columns: [{ figure: 'perSecond', name: 'echoes/s', as: 0 }, ...LATENCIES, { figure: 'deadLetters', name: 'dead letters', as: 0 }],
  plot: { figure: 'p99Ms', unit: 'ms, 99 of 100 echoes within', logarithmic: [] },
  conclude: slowedBy,
}

function slowedBy(points: readonly Point[]): string[] {
  const [quiet, poisoned] = points.toSorted((a, b) => a.at - b.at)
  if (poisoned === undefined) return []
  const ratio = (figure: string): string => (poisoned.figures[figure].median / quiet.figures[figure].median).toFixed(2)
  return [`Beside it p50 is ${ratio('p50Ms')} times, p99 ${ratio('p99Ms')} times what it is alone.`]
}

/** Of bench:dispatch. */
export const DISPATCH_STUDIES: readonly Study[] = [PLACES_STUDY, UNEVEN_STUDY, SHARING_STUDY]
export const LOAD_STUDIES: readonly Study[] = [...DISPATCH_STUDIES, OVERLOAD_STUDY, NEIGHBOURS_STUDY]
