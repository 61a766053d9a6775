import type { StoreLoss } from './history.ts'
import type { MessageView, SessionView, Views } from './views.ts'

/** What a history must never show. */
export type Rule =
  | 'lost request'
  | 'lost notification'
  | 'timed out'
  | 'doubled answer'
  | 'wrong answer'
  | 'refused with effect'
  | 'broken stream'
  | 'misplaced push'
  | 'gap'
  | 'unmarked repeat'
  | 'answers reordered'
  | 'handling reordered'
  | 'handled unsent'
  | 'silent loss'
  | 'false loss'
  | 'error'
  | 'slow resume'
  | 'stalled'

export interface Violation {
  rule: Rule
  session: string
  /** What was seen, in one line. */
  evidence: string
}

/** What a scenario may show beside the usual. */
export interface Allowance {
  /** Codes that end a message without being its kind's own. */
  codes?: readonly string[]
  /** No refusal and no unexpected error: the scenario promises that clients notice nothing. */
  noErrors?: boolean
  /** ms */
  resumeP99Ms?: number
}

export interface RuleInput {
  views: Views
  losses: readonly StoreLoss[]
  allowance: Allowance
}

export type RuleCheck = (input: RuleInput, found: (violation: Violation) => void) => void

/** Runs `check` on every message of every session. */
export function eachMessage({ views }: RuleInput, check: (message: MessageView, session: SessionView) => void): void {
  for (const session of views.sessions.values()) for (const message of session.messages.values()) check(message, session)
}

/** The life of a message in one line, for evidence; times in ms since it was sent. */
export function lifeOf({ msgId, kind, n, sentAt, storedAt, refused, givenUpAt, finals, chunks, handlings }: MessageView): string {
  const since = (at: number): string => `+${((at - sentAt) / 1_000).toFixed(1)}`
  const parts = [`message ${msgId} (${kind}, n ${n})`]
  if (storedAt !== undefined) parts.push(`stored ${since(storedAt)}`)
  if (refused !== undefined) parts.push(`refused ${refused.code} ${since(refused.at)}`)
  for (const { at, phase, attempt, worker } of handlings) parts.push(`${phase} #${attempt} by ${worker} ${since(at)}`)
  for (const { seq, chunk, at } of chunks) parts.push(`chunk ${chunk} seq ${seq} ${since(at)}`)
  for (const { seq, kind: how, code, at } of finals) parts.push(`${code ?? how} seq ${seq} ${since(at)}`)
  if (givenUpAt !== undefined) parts.push(`given up ${since(givenUpAt)}`)
  return parts.join(', ')
}
