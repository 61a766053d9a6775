import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hasNoCode, ships } from './coverage.ts'

test('a file of types and comments has no code to cover', () => {
  assert.equal(
    hasNoCode(`/** A port. */\nimport type { A } from './a.ts'\nexport interface Port {\n  // why\n  get(): A\n}\nexport type B = A | 1\n`),
    true,
  )
})

test('a file with a value has', () => {
  assert.equal(hasNoCode('/** A port. */\nexport interface Port {}\nexport const LIMIT = 1\n'), false)
  assert.equal(hasNoCode(`export { a } from './a.ts'\n`), false)
})

test('what ships is covered, not what measures, breaks or builds it', () => {
  for (const folder of ['shared/protocol', 'gateway', 'consumers', 'client', 'cli', 'examples/demo'])
    assert.equal(ships(folder), true, folder)
  for (const folder of ['e2e', 'bench', 'infra/faults', 'infra/test', '../elsewhere']) assert.equal(ships(folder), false, folder)
})
