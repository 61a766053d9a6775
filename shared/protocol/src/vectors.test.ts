import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { readVectors } from './vectors.fixture.ts'

test('every file of vectors has rows, each with a meaning of its own', () => {
  const names = readdirSync(new URL('../vectors/', import.meta.url))
  assert.ok(names.length >= 4)
  for (const name of names) {
    const rows = readVectors<{ meaning: string; dialect?: string; text?: string }>(name.replace('.json', ''))
    const meanings = rows.map(row => `${row.dialect ?? ''}${row.text ?? ''} ${row.meaning}`)
    assert.ok(rows.length > 0, name)
    assert.equal(new Set(meanings).size, rows.length, name)
  }
})
