import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Change, decodeChange, encodeChange, keyOf } from './change.ts'
import { VERSIONS, VERSIONS_BYTES } from './limits.ts'
import { Versions } from './versions.ts'

const changeOf = (base: number, id = `id-${base + 1}`, text = ''): Change => ({
  ...{ id, version: base + 1, base, by: 'tester', reason: 'because', at: 1 },
  document: { services: { orders: { config: { text } } } },
})

const taken = (...changes: readonly Change[]): Versions => {
  const versions = new Versions()
  for (const change of changes) versions.take(change)
  return versions
}

describe('versions', () => {
  test('follow each other; a proposal whose base is gone is stale', () => {
    const versions = new Versions()
    assert.equal(versions.take(changeOf(0, 'a')), 'accepted')
    assert.equal(versions.take(changeOf(0, 'b')), 'stale')
    assert.equal(versions.take(changeOf(1, 'c')), 'accepted')
    assert.deepEqual([versions.latest.version, versions.latest.id], [2, 'c'])
  })

  test('are counted once where the log has a record twice', () => {
    const versions = taken(changeOf(0, 'a'), changeOf(1, 'b'))
    assert.equal(versions.take(changeOf(0, 'a')), 'repeat')
    assert.equal(versions.take(changeOf(1, 'b')), 'repeat')
    assert.equal(versions.latest.version, 2)
  })

  test('come to the same for a reader who finds gaps: what compaction took away, or a later copy', () => {
    const all = [changeOf(0, 'a'), changeOf(1, 'b'), changeOf(1, 'lost'), changeOf(2, 'c'), changeOf(1, 'b'), changeOf(3, 'd')]
    const whole = taken(...all).latest
    assert.equal(whole.id, 'd')
    for (const compacted of [all.slice(3), [all[0]!, all[3]!, all[4]!, all[5]!], [all[5]!]])
      assert.deepEqual(taken(...compacted).latest, whole)
  })

  test('are kept up to a number, and the oldest beyond it are named', () => {
    const versions = taken(...Array.from({ length: VERSIONS + 2 }, (_, base) => changeOf(base)))
    assert.deepEqual(versions.surplus(), ['1-id-1', '2-id-2'])
    for (const key of versions.surplus()) versions.removed(key)
    assert.deepEqual(versions.surplus(), [])
    assert.equal(versions.history(Number.POSITIVE_INFINITY, 2_000).length, VERSIONS)
    assert.equal(versions.document(1), undefined)
  })

  test('are kept up to so many bytes, the present one always', () => {
    const versions = taken(...[0, 1, 2].map(base => changeOf(base, `${base}`, 'x'.repeat(VERSIONS_BYTES * 0.6))))
    assert.deepEqual(versions.surplus(), ['1-0', '2-1'])
    versions.removed('3-2')
    assert.equal(versions.document(3) === undefined, false)
  })

  test('are not taken away by the key of a proposal that was none', () => {
    const versions = taken(changeOf(0, 'a'), changeOf(0, 'b'), changeOf(1, 'c'))
    versions.removed(keyOf({ version: 1, id: 'b' }))
    assert.notEqual(versions.document(1), undefined)
  })
})

describe('a change', () => {
  test('is read as it was written', () => assert.deepEqual(decodeChange(encodeChange(changeOf(3))), changeOf(3)))

  for (const [what, text] of [
    ['no JSON', '{'],
    ['no object', '7'],
    ['a version that does not follow its base', JSON.stringify({ ...changeOf(3), version: 9 })],
    ['no document', JSON.stringify({ ...changeOf(3), document: null })],
    ['a time that is none', JSON.stringify({ ...changeOf(3), at: 'now' })],
  ] as const)
    test(`is none where it has ${what}`, () => assert.equal(decodeChange(Buffer.from(text)), undefined))
})
