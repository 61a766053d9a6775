import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { costs, depthOf, type Flame, foldProfile, pruned, titleOf } from './flame-tree.ts'
import { profile } from './profile.fixture.ts'

const root = () => foldProfile(profile(), 'gateway')
const child = (flame: Flame, place: string): Flame => flame.children.find(each => each.place === place)!
const leaf = (place: string, us: number): Flame => ({ group: 'gateway', place, selfUs: us, totalUs: us, children: [] })

describe('a folded profile', () => {
  test('leaves out the time in which nothing ran', () => {
    assert.equal(root().totalUs, 600)
    assert.deepEqual(
      root().children.map(({ place }) => place),
      ['net:10 read', 'garbage collection', 'decoder.ts:10 decode'],
    )
  })

  test('counts a function’s own time and that of all it called', () => {
    const read = child(root(), 'net:10 read')
    assert.deepEqual([read.selfUs, read.totalUs], [100, 400])
  })

  test('puts into one frame what was called from one place', () => {
    const { children } = child(root(), 'net:10 read')
    assert.equal(children.length, 1)
    assert.deepEqual([children[0].selfUs, children[0].totalUs], [200, 300])
  })

  test('takes a step back of the profiler’s clock for none', () => {
    const { nodes } = profile()
    const stepped = foldProfile({ nodes, samples: [4, 5, 4], timeDeltas: [0, 200, -100] }, 'gateway')
    assert.equal(stepped.totalUs, 200)
  })
})

describe('a pruned tree', () => {
  const wide: Flame = { ...leaf('all', 100), selfUs: 0, children: [leaf('a', 90), leaf('b', 4), leaf('c', 4), leaf('d', 2)] }

  test('merges what is too short, and tells how many they were', () => {
    assert.deepEqual(
      pruned(wide, 5).children.map(({ place, totalUs }) => [place, totalUs]),
      [
        ['a', 90],
        ['3 others', 10],
      ],
    )
  })

  test('drops even that where it is too short together', () => {
    assert.deepEqual(
      pruned(wide, 11).children.map(({ place }) => place),
      ['a'],
    )
  })

  test('is as deep as what is left', () => assert.deepEqual([depthOf(wide), depthOf(pruned(wide, 200))], [2, 1]))
})

describe('costs', () => {
  const shares = (name: string, all: readonly { name: string; self: number; total: number }[]) => {
    const { self, total } = all.find(each => each.name === name)!
    return [self, total].map(share => Math.round(share * 600))
  }

  test('add a function up over all places, and count what it calls of itself once', () => {
    // three times by itself, and once below what it calls
    assert.deepEqual(shares('causeway: decoder.ts:10 decode', costs(root()).functions), [300, 400])
  })

  test('of packages and of functions add up to all that ran', () => {
    const { functions, groups } = costs(root())
    for (const all of [functions, groups]) assert.equal(Math.round(all.reduce((sum, { self }) => sum + self, 0) * 1_000), 1_000)
  })

  test('come with the most first', () => {
    const { functions } = costs(root())
    assert.equal(functions[0].name, titleOf({ group: 'causeway', place: 'decoder.ts:10 decode' }))
  })
})
