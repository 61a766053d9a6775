import { wrong } from './operator-problem.ts'

/** Characters of a reason, of a text that is looked for, and of a name. */
const TEXT_MOST = 500

/** The fields of a JSON object; throws where there is another one, or no object. */
export function fieldsOf(raw: unknown, what: string, known: readonly string[]): Record<string, unknown> {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) throw wrong(what, 'must be a JSON object')
  const strange = Object.keys(raw).find(name => !known.includes(name))
  if (strange !== undefined) throw wrong(strange, `is no field of ${what}: expected ${known.join(', ')}`)
  return raw as Record<string, unknown>
}

export function limitOf(value: unknown, otherwise: number, most: number): number {
  if (value === undefined) return otherwise
  const limit = Number(value)
  if (!Number.isInteger(limit) || limit < 1 || limit > most)
    throw wrong('limit', `is ${shown(value)}: expected a whole number from 1 to ${most}`)
  return limit
}

export function textOf(value: unknown, field: string): string | undefined {
  if (value === undefined) return undefined
  if (typeof value !== 'string' || value === '' || value.length > TEXT_MOST)
    throw wrong(field, `is ${shown(value)}: expected a text of 1 to ${TEXT_MOST} characters`)
  return value
}

export const readReason = (raw: unknown): string => reasonOf(fieldsOf(raw, 'the body', ['reason']).reason)

export function reasonOf(value: unknown): string {
  if (value === undefined) throw wrong('reason', 'is missing: say why, it is kept in the audit log')
  const reason = textOf(value, 'reason')!.trim()
  if (reason === '') throw wrong('reason', 'is blank: say why, it is kept in the audit log')
  return reason
}

export const shown = (value: unknown): string => (JSON.stringify(value) ?? 'missing').slice(0, 80)
