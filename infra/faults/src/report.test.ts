import assert from 'node:assert/strict'
import { test } from 'node:test'
import { between, proofTable } from './report.ts'
import { BUGS } from './seeded-bugs/bugs.ts'

test('a table replaces what stood between its marks, and nothing else', () => {
  const page = 'before\n<!-- x: made by npm run faults -->\nold\n<!-- end of x -->\nafter\n'
  const written = between(page, 'x', 'new')
  assert.equal(written, 'before\n<!-- x: made by npm run faults -->\n\nnew\n\n<!-- end of x -->\nafter\n')
  assert.equal(between(written, 'x', 'new'), written)
  assert.throws(() => between('no marks', 'x', 'new'), /lacks/)
})

test('a bug that was not caught stands out', () => {
  const [bug] = BUGS
  const found = [{ rule: 'lost request', session: 's', evidence: '' }] as const
  assert.match(proofTable([{ bug, found, tries: 2, seed: 1 }]), new RegExp(`\\| ${bug.name} \\|.*\\| lost request: 1 \\| 2 \\|`))
  assert.match(proofTable([{ bug, found: [], tries: 3, seed: 1 }]), /\*\*not caught\*\* \| 3 \|/)
})
