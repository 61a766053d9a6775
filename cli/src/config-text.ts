import { type Column, plain } from './table.ts'

export interface Change {
  path: string
  before?: unknown
  after?: unknown
}

export interface MadeChange {
  version: number
  changes: Change[]
  warnings: string[]
  working: string[]
  pending: string[]
}

export interface ToldVersion {
  version: number
  by: string
  reason: string
  at: number
}

export interface ToldProcess {
  process: string
  kind: string
  service?: string
  host: string
  version: number
  source?: string
  refused?: { version: number; reason: string }
  overridden?: string[]
}

const shown = (value: unknown): string => plain(JSON.stringify(value) ?? '')

/** `+` what is new, `-` what goes, `~` what is another. */
export function changeLines(changes: readonly Change[]): string[] {
  return changes.map(({ path, before, after }) => {
    if (before === undefined) return `+ ${path}: ${shown(after)}`
    if (after === undefined) return `- ${path}: ${shown(before)}`
    return `~ ${path}: ${shown(before)} -> ${shown(after)}`
  })
}

export function madeLines({ version, changes, warnings, working, pending }: MadeChange): string[] {
  const told =
    changes.length === 0
      ? `nothing to change: version ${version} says so already`
      : `version ${version}, at work in ${working.length} ${working.length === 1 ? 'process' : 'processes'}`
  const slow = pending.length === 0 ? [] : [`not heard of yet: ${pending.join(', ')} (causeway config status)`]
  return [...changeLines(changes), ...warnings.map(warning => `warning: ${warning}`), told, ...slow]
}

export const HISTORY: readonly Column<ToldVersion>[] = [
  { title: 'version', read: ({ version }) => version },
  { title: 'at', read: ({ at }) => new Date(at).toISOString() },
  { title: 'by', read: ({ by }) => by, most: 30 },
  { title: 'reason', read: ({ reason }) => reason },
]

export const PROCESSES: readonly Column<ToldProcess>[] = [
  { title: 'process', read: ({ process }) => process },
  { title: 'kind', read: ({ kind, service }) => (service === undefined ? kind : `${kind} of ${service}`) },
  { title: 'host', read: ({ host }) => host, most: 30 },
  { title: 'version', read: ({ version }) => version },
  { title: 'from', read: ({ source }) => source ?? '-' },
  {
    title: 'but',
    read: ({ refused, overridden = [] }) =>
      [
        ...(refused === undefined ? [] : [`refuses version ${refused.version}: ${refused.reason}`]),
        ...(overridden.length === 0 ? [] : [`keeps its own ${overridden.join(', ')}`]),
      ].join('; '),
  },
]
