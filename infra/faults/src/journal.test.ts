import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Journal, readJournals } from './journal.ts'

test('what was written is read back in the order of time, from all files of the folder', () => {
  const folder = mkdtempSync(join(tmpdir(), 'causeway-journal-'))
  try {
    const [one, other] = [new Journal(folder), new Journal(folder)]
    const step = { session: 's-1', msgId: 7, attempt: 2, n: 9, kind: 'slow' } as const
    one.write({ phase: 'begin', ...step })
    other.write({ phase: 'fail', ...step })
    one.write({ phase: 'end', ...step })
    const read = readJournals(folder)
    assert.deepEqual(
      read.map(({ at: _, ...rest }) => rest),
      ['begin', 'fail', 'end'].map(phase => ({ phase, worker: process.pid, ...step })),
    )
    assert.ok(read[0].at <= read[1].at && read[1].at <= read[2].at)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
