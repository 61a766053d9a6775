import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { SourceProcess } from '../source-process.ts'
import { costs, foldProfile } from './flame-tree.ts'
import { PROBE } from './flames.ts'
import { PROBE_TIMEOUT_MS } from './limits.ts'
import type { Sightings } from './moments.ts'
import type { Question } from './probe-questions.ts'
import type { Profile } from './profile.ts'

async function withProbe(run: (ask: <T>(question: Question) => Promise<T>, works: () => Promise<unknown>) => Promise<void>): Promise<void> {
  const busy = new SourceProcess('busy process', new URL('./probe.fixture.ts', import.meta.url), [], { probe: PROBE })
  try {
    await busy.next(PROBE_TIMEOUT_MS)
    await run(
      question => busy.ask(question, PROBE_TIMEOUT_MS),
      () => busy.next(PROBE_TIMEOUT_MS),
    )
  } finally {
    await busy.stop()
  }
}

describe('a probe', () => {
  test('tells what its process does', () =>
    withProbe(async (ask, works) => {
      await ask({ ask: 'profile', intervalUs: 500 })
      for (let time = 0; time < 20; time++) await works()
      const { functions } = costs(foldProfile(await ask<Profile>({ ask: 'profiled' }), 'busy'))
      assert.ok(functions.some(({ name }) => name.startsWith('bench: stages/probe.fixture.ts:')))
    }))

  test('finds all that it looks at, and tells what passed meanwhile: nothing here', () =>
    withProbe(async ask => {
      await ask({ ask: 'watch', parts: ['gateway', 'worker'] })
      await ask({ ask: 'record', every: 1 })
      assert.equal((await ask<Sightings>({ ask: 'recorded' })).moments.length, 0)
    }))
})
