import type { ConfigDocument } from '@causeway/config'

/** One record of the log: a proposal to follow version `base`. Whether it is a version the log's order says. */
export interface Change {
  /** Random; tells two proposals for one version apart, and a record that was stored twice from a second one. */
  id: string
  version: number
  base: number
  document: ConfigDocument
  by: string
  reason: string
  /** Unix ms. */
  at: number
}

/** Every proposal has a key of its own, so that compaction keeps it until it is taken away. */
export const keyOf = ({ version, id }: Pick<Change, 'version' | 'id'>): string => `${version}-${id}`

export const encodeChange = (change: Change): Uint8Array => Buffer.from(JSON.stringify(change))

/** undefined where it is none: somebody else wrote to the topic. */
export function decodeChange(value: Uint8Array): Change | undefined {
  let raw: unknown
  try {
    raw = JSON.parse(Buffer.from(value).toString('utf8'))
  } catch {
    return undefined
  }
  if (typeof raw !== 'object' || raw === null) return undefined
  const { id, version, base, document, by, reason, at } = raw as Record<string, unknown>
  const numbers = [version, base, at].every(number => Number.isSafeInteger(number) && (number as number) >= 0)
  const texts = [id, by, reason].every(text => typeof text === 'string')
  if (!numbers || !texts || typeof document !== 'object' || document === null || version !== (base as number) + 1) return undefined
  return raw as Change
}
