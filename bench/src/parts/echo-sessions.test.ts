import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { WakeHandlers } from '@causeway/sessions'
import { EchoSessions } from './echo-sessions.ts'

const answers = ['a', 'b', 'a'].map(session => ({ session, frame: new Uint8Array() }))

/** What a gateway hears of these answers. */
async function heard(sessions: EchoSessions): Promise<string[]> {
  const events: string[] = []
  const handlers = { deliver: (id: string, seq: number) => events.push(`${id}${seq}`), flush: () => events.push('flush') }
  await sessions.listen('gw', handlers as unknown as WakeHandlers)
  sessions.wake(answers)
  return events
}

test('the answers of a turn are written together', async () => {
  assert.deepEqual(await heard(new EchoSessions()), ['a1', 'b1', 'a2', 'flush'])
})

test('each is written by itself where that is wanted', async () => {
  assert.deepEqual(await heard(new EchoSessions(true)), ['a1', 'flush', 'b1', 'flush', 'a2', 'flush', 'flush'])
})
