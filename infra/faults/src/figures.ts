import type { ClientEvent, Handling, History } from './history.ts'
import type { MessageView, Views } from './views.ts'

/** What a run came to, beside what must never happen. */
export interface Figures {
  requests: number
  notifications: number
  answered: number
  /** How requests ended, by `answer` or the error's code. */
  endings: Record<string, number>
  refused: number
  /** Given up after a told loss. */
  givenUp: number
  /** Resumes that said so, and sessions that were gone. */
  toldLosses: number
  /** Handled once more, though it had been begun before with the same attempt. */
  handledAgain: number
  /** Handled by two workers at the same time. */
  overlapped: number
  redelivered: number
  resumes: number
  /** From the loss of a connection to the next SYN_ACK, ms. */
  resumeP99Ms: number
  worstResumeMs: number
  /** From a message's first sending to its answer, ms. */
  worstWaitMs: number
}

export function figuresOf({ events, handlings }: History, views: Views): Figures {
  const messages = [...views.sessions.values()].flatMap(({ messages }) => [...messages.values()])
  const requests = messages.filter(({ kind }) => kind !== 'note')
  const resumes = resumesIn(events)
  const waits = requests.flatMap(({ finals, sentAt }) => finals.slice(0, 1).map(({ at }) => (at - sentAt) / 1_000))
  return {
    requests: requests.length,
    notifications: messages.length - requests.length,
    answered: requests.filter(({ finals }) => finals.length > 0).length,
    endings: endingsOf(requests),
    refused: messages.filter(({ refused }) => refused !== undefined).length,
    givenUp: messages.filter(({ givenUpAt }) => givenUpAt !== undefined).length,
    toldLosses: [...views.sessions.values()].reduce((sum, { toldAt }) => sum + toldAt.length, 0),
    handledAgain: handledAgain(handlings),
    overlapped: overlapped(handlings),
    redelivered: events.filter(event => event.type === 'delivered' && event.redelivered).length,
    resumes: resumes.length,
    resumeP99Ms: percentile(resumes, 0.99),
    worstResumeMs: percentile(resumes, 1),
    worstWaitMs: waits.reduce((worst, wait) => Math.max(worst, wait), 0),
  }
}

function endingsOf(requests: readonly MessageView[]): Record<string, number> {
  const endings: Record<string, number> = {}
  for (const { finals, refused, givenUpAt } of requests) {
    const how = finals[0]?.code ?? finals[0]?.kind ?? (refused ? `refused ${refused.code}` : givenUpAt === undefined ? 'none' : 'given up')
    endings[how] = (endings[how] ?? 0) + 1
  }
  return endings
}

const resumesIn = (events: readonly ClientEvent[]): number[] =>
  events.flatMap(event => (event.type === 'connected' && event.downMs !== undefined ? [event.downMs] : []))

/** 0 where there are no values. */
export function percentile(values: readonly number[], share: number): number {
  if (values.length === 0) return 0
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)]
}

function handledAgain(handlings: readonly Handling[]): number {
  const begun = new Set<string>()
  let again = 0
  for (const { phase, session, msgId, attempt } of handlings) {
    if (phase !== 'begin') continue
    const key = `${session} ${msgId} ${attempt}`
    if (begun.has(key)) again++
    begun.add(key)
  }
  return again
}

/** Handlings of one message that ran at two workers at the same time. One that was killed never ended, and overlaps nothing. */
function overlapped(handlings: readonly Handling[]): number {
  const begun = new Map<string, number>()
  const runs = new Map<string, { worker: number; from: number; to: number }[]>()
  let count = 0
  for (const { at, phase, session, msgId, worker } of handlings) {
    const message = `${session} ${msgId}`
    const run = `${message} ${worker}`
    if (phase === 'begin') begun.set(run, at)
    else {
      const from = begun.get(run) ?? at
      const others = runs.get(message) ?? []
      runs.set(message, others)
      if (others.some(other => other.worker !== worker && other.to > from)) count++
      others.push({ worker, from, to: at })
    }
  }
  return count
}
