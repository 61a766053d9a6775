import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SCENARIOS } from '../scenarios/index.ts'
import { BUGS } from './bugs.ts'
import { changed, sourceOf } from './edit.ts'

for (const { name, edits, scenario } of BUGS) {
  test(`${name} fits the source, and its scenario is there`, () => {
    for (const file of new Set(edits.map(edit => edit.file))) {
      const source = sourceOf(file)
      assert.notEqual(
        changed(
          source,
          edits.filter(edit => edit.file === file),
        ),
        source,
      )
    }
    assert.ok(SCENARIOS.some(each => each.name === scenario))
  })
}

test('an edit whose text is not there, or there twice, is refused', () => {
  assert.throws(() => changed('a b a', [{ file: 'x', find: 'c', replace: '' }]), /is 0 times in x/)
  assert.throws(() => changed('a b a', [{ file: 'x', find: 'a', replace: '' }]), /is 2 times in x/)
})
