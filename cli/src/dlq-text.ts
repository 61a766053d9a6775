import { age, type Column, cut, plain, table } from './table.ts'

/** What the operators' API answers about dead letters. */
export interface Letter {
  id: string
  service: string
  session: string
  msgId: number
  route: string
  reason: string
  error: string
  attempts: number
  deadAt: number
  bytes: number
  replays?: number
  lastReplay?: string
}

interface Failure {
  at: number
  worker: string
  error: string
  attempt: number
  trace?: string
}

interface Shown {
  payload?: unknown
  text?: string
  payload64?: string
}

export interface WholeLetter extends Omit<Letter, 'replays' | 'error'>, Shown {
  headers: Record<string, string | undefined>
  message?: Record<string, unknown>
  errors: Failure[]
  replays: {
    n: number
    at: number
    by: string
    reason: string
    route: string
    edited?: boolean
    outcome: string
    error?: string
    pushed?: string
    errors?: Failure[]
    result?: Shown & { bytes: number; tooLarge?: boolean; chunks?: Shown[] }
  }[]
}

export interface Batch {
  id: string
  at: number
  by: string
  reason: string
  state: string
  total: number
  done: number
  failed: number
  cancelled: number
  refused: number
  waiting: number
  refusals: Record<string, string>
  missing?: string[]
}

/** Characters of a payload shown. */
const PAYLOAD_SHOWN = 4_000
/** Columns of a terminal that has room for errors beside the rest. */
const WIDE = 130
/** Lines of a trace shown; --json has all that is kept. */
const TRACE_LINES = 3

/** On a narrow terminal the error has a line of its own. */
export function letterLines(letters: readonly Letter[], now: number, width = process.stdout.columns ?? Number.POSITIVE_INFINITY): string[] {
  if (letters.length === 0) return ['no dead letters']
  const columns: Column<Letter>[] = [
    { title: 'ID', read: ({ id }) => id },
    { title: 'SERVICE', read: ({ service }) => service, most: 24 },
    { title: 'ROUTE', read: ({ route }) => route, most: 28 },
    { title: 'AGE', read: ({ deadAt }) => age(deadAt, now) },
    { title: 'TRIES', read: ({ attempts }) => attempts },
    { title: 'BYTES', read: ({ bytes }) => bytes },
    { title: 'REPLAYS', read: replaysOf },
  ]
  const errorOf = ({ error, reason }: Letter): string => error || reason
  if (width >= WIDE) return table(letters, [...columns, { title: 'ERROR', read: errorOf }], width)
  const [titles, ...lines] = table(letters, columns, width)
  return [titles, ...lines.flatMap((line, index) => [line, cut(`  ${plain(errorOf(letters[index]))}`, width)])]
}

const replaysOf = ({ replays = 0, lastReplay }: Letter): string => (replays === 0 ? '-' : `${replays} ${lastReplay ?? ''}`.trimEnd())

export function wholeLetterLines(letter: WholeLetter): string[] {
  const { id, service, session, msgId, route, reason, deadAt, bytes, headers, errors, replays } = letter
  return [
    ...facts({
      id,
      service,
      route,
      session,
      msgId,
      'given up': `${time(deadAt)}: ${reason}`,
      trace: headers.traceparent,
      header: headers.causeway,
    }),
    '',
    `payload, ${bytes} bytes`,
    ...indented(shown(letter)),
    '',
    `${errors.length} attempts`,
    ...errors.flatMap(failureLines),
    ...replays.flatMap(replayLines),
  ]
}

function replayLines(replay: WholeLetter['replays'][number]): string[] {
  const { n, at, by, reason, route, edited, outcome, error, pushed, result, errors = [] } = replay
  const what = [outcome, pushed === undefined ? '' : `push: ${pushed}`].filter(text => text !== '').join(', ')
  return [
    '',
    `replay ${n}: ${what}`,
    ...indented(`${time(at)} by ${plain(by)}: ${plain(reason)}; ${edited ? 'another payload' : 'its payload'} to ${route}`),
    ...(error === undefined ? [] : indented(plain(error))),
    ...(result === undefined ? [] : indented(resultText(result))),
    ...errors.flatMap(failureLines),
  ]
}

function resultText({ bytes, tooLarge, chunks, ...value }: NonNullable<WholeLetter['replays'][number]['result']>): string {
  if (tooLarge) return `result of ${bytes} bytes, too large to be kept`
  return `result, ${bytes} bytes: ${chunks === undefined ? shown(value) : chunks.map(shown).join('\n')}`
}

const failureLines = ({ attempt, at, worker, error, trace }: Failure): string[] => [
  `  ${attempt}  ${time(at)}  ${worker}  ${plain(error)}`,
  ...(trace === undefined ? [] : trace.split('\n', TRACE_LINES).map(line => `     ${plain(line)}`)),
]

/** `first` are some of the `letters` that a dry run found. */
export function dryRunLines({ letters, more, missing, first }: DryRun, now: number): string[] {
  const found = `${more ? 'more than ' : ''}${letters} ${letters === 1 ? 'letter' : 'letters'} would be replayed; nothing was done`
  return [
    found,
    ...missingLines(missing),
    ...(first.length === 0 ? [] : ['', ...letterLines(first, now)]),
    ...(letters > first.length ? ['…'] : []),
  ]
}

export interface DryRun {
  letters: number
  more: boolean
  missing: string[]
  first: Letter[]
}

export const missingLines = (missing: readonly string[]): string[] => missing.map(id => `there is no dead letter ${id}`)

export function batchLines(batches: readonly Batch[], now: number): string[] {
  if (batches.length === 0) return ['no replays']
  const columns: Column<Batch>[] = [
    { title: 'REPLAY', read: ({ id }) => id },
    { title: 'STATE', read: ({ state }) => state },
    { title: 'AGE', read: ({ at }) => age(at, now) },
    ...(['total', 'done', 'failed', 'cancelled', 'refused', 'waiting'] as const).map(name => ({
      title: name.toUpperCase(),
      read: (batch: Batch) => batch[name],
    })),
    { title: 'BY', read: ({ by }) => by, most: 20 },
    { title: 'REASON', read: ({ reason }) => reason },
  ]
  return table(batches, columns)
}

export const progressLine = ({ state, done, failed, waiting, total, cancelled, refused }: Batch): string => {
  const rest = [cancelled > 0 ? `${cancelled} cancelled` : '', refused > 0 ? `${refused} refused` : ''].filter(text => text !== '')
  return [`${state}: ${done} of ${total} answered`, `${failed} failed`, `${waiting} waiting`, ...rest].join(', ')
}

function shown({ payload, text, payload64 }: Shown): string {
  if (payload64 !== undefined) return cut(`base64 ${payload64}`, PAYLOAD_SHOWN)
  return cut(plain(text ?? JSON.stringify(payload) ?? ''), PAYLOAD_SHOWN)
}

function facts(of: Readonly<Record<string, string | number | undefined>>): string[] {
  const present = Object.entries(of).filter(([, value]) => value !== undefined && value !== '')
  const width = Math.max(...present.map(([name]) => name.length))
  return present.map(([name, value]) => `${name.padEnd(width)}  ${plain(value!)}`)
}

const indented = (text: string): string[] => text.split('\n').map(line => `  ${line}`)
const time = (at: number): string => new Date(at).toISOString()
