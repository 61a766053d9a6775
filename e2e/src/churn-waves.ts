import { type ChurnPlace, ChurnSession } from './churn-session.ts'

/** Requests of a session between two events of its life. */
const REQUESTS = 3

/** So many clients come at once; each asks, and then ends in one of the ways in which clients end. Resolves when all have. */
export async function wave(place: ChurnPlace, clients: number): Promise<void> {
  await Promise.all(Array.from({ length: clients }, (_, number) => live(place, number)))
}

async function live(place: ChurnPlace, number: number): Promise<void> {
  const session = new ChurnSession(place, number)
  // WebSockets are one number in eight: a way of living that shares no divisor with it takes all kinds of wire
  const way = number % 7
  if (way === 0) await session.knock()
  else if (way === 1) await session.halfOpen()
  else {
    await session.open()
    session.ask(REQUESTS)
    if (way === 2) session.cut()
    else if (way === 3) await comeBack(session)
    else await session.answered()
    if (way === 4) session.cut()
    else session.close()
  }
}

/** Cut in the midst of its requests, and back for their answers. */
async function comeBack(session: ChurnSession): Promise<void> {
  session.cut()
  await session.open()
  await session.answered()
}

/** So many clients sit; then, `times` over, all are cut at once and all come back at once. In the end all are cut for good. */
export async function storm(place: ChurnPlace, clients: number, times: number): Promise<void> {
  const sessions = Array.from({ length: clients }, (_, number) => new ChurnSession(place, number))
  await Promise.all(sessions.map(session => session.open()))
  for (let i = 0; i < times; i++) {
    for (const session of sessions) session.cut()
    await Promise.all(sessions.map(session => backFor(session)))
  }
  for (const session of sessions) session.cut()
}

async function backFor(session: ChurnSession): Promise<void> {
  await session.open()
  session.ask(1)
  await session.answered()
}
