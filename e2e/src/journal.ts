import { readFileSync } from 'node:fs'

interface Entry {
  session: string
  msgId: number
  payload: { n: number }
}

/** What the demo's journal shows of each session, in the order of handling: the numbers as they first came, and how often one came again. */
export function readJournal(file: string): Map<string, { first: number[]; repeats: number }> {
  const sessions = new Map<string, { first: number[]; repeats: number; seen: Set<number> }>()
  for (const line of readFileSync(file, 'utf8').trimEnd().split('\n')) {
    const { session, payload } = JSON.parse(line) as Entry
    const read = sessions.get(session) ?? { first: [], repeats: 0, seen: new Set() }
    sessions.set(session, read)
    if (read.seen.has(payload.n)) read.repeats++
    else read.first.push(payload.n)
    read.seen.add(payload.n)
  }
  return sessions
}
