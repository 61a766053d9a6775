import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { flameSvg } from './flame-svg.ts'
import { type Flame, foldProfile } from './flame-tree.ts'
import { profile } from './profile.fixture.ts'

const svgOf = (root: Flame) => flameSvg({ title: 'CPU time', unit: 'share', root })
const frames = (svg: string) =>
  [...svg.matchAll(/<rect class="k\d" x="([\d.]+)" y="(\d+)" width="([\d.]+)" height="17"><title>([^<]*)<\/title>/g)].map(
    ([, x, y, width, title]) => ({ x: Number(x), y: Number(y), width: Number(width), title }),
  )
const leaf = (group: string, place: string, us: number): Flame => ({ group, place, selfUs: us, totalUs: us, children: [] })

describe('a flame graph', () => {
  test('is as wide as the page, and each frame as its share', () => {
    const [whole, read] = frames(svgOf(foldProfile(profile(), 'gateway')))
    assert.deepEqual([whole.x, whole.width, read.x, read.width], [0, 1_200, 0, 800])
  })

  test('has callers below what they call, side by side what they call', () => {
    const [whole, ...others] = frames(svgOf(foldProfile(profile(), 'gateway')))
    const above = others.filter(({ y }) => y === whole.y - 17)
    assert.deepEqual(
      above.map(({ x, width }) => [x, width]),
      [
        [0, 800],
        [800, 200],
        [1_000, 200],
      ],
    )
  })

  test('tells the shares of each frame, itself and with what it calls', () => {
    assert.ok(frames(svgOf(foldProfile(profile(), 'gateway'))).some(({ title }) => title === 'node: net:10 read: 66.7 %, itself 16.7 %'))
  })

  test('has no label that is longer than its frame', () => {
    const root = {
      ...leaf('', 'gateway', 100),
      selfUs: 0,
      children: [leaf('gateway', 'session.ts:1 aFunctionOfALongName', 8), leaf('gateway', 'b', 2)],
    }
    const labels = [...svgOf(root).matchAll(/<text class="f"[^>]*>([^<]*)</g)].map(([, label]) => label)
    assert.deepEqual(labels, ['gateway', 'aFunctionOfAL…'])
  })

  test('tells a function without a name by its place', () => {
    const root = { ...leaf('', 'gateway', 100), selfUs: 0, children: [leaf('kafkajs', 'src/protocol/encoder.js:12 (anonymous)', 12)] }
    assert.match(svgOf(root), />encoder\.js:12</)
  })

  test('tells what is native by its name', () => {
    const root = {
      ...leaf('', 'gateway', 100),
      selfUs: 0,
      children: [leaf('node', 'native writeBuffer', 7), leaf('native', 'outside JavaScript', 7)],
    }
    assert.match(svgOf(root), />writeBuffer<[\s\S]*>outside Jav…</)
  })

  test('tells libraries from ours by their colour', () => {
    const [kafka, other, ours] = [leaf('kafkajs', 'a.js:1 a', 1), leaf('bullmq', 'b.js:1 b', 1), leaf('registry', 'c.ts:1 c', 1)]
    for (const library of [kafka, other]) library.isLibrary = true
    const svg = svgOf({ ...leaf('', 'gateway', 3), selfUs: 0, children: [kafka, other, ours] })
    const colours = ['a', 'b', 'c'].map(name => new RegExp(`class="k(\\d)"[^>]*><title>[^<]*:1 ${name}:`).exec(svg)![1])
    assert.equal(new Set(colours).size, 3)
  })

  test('escapes what it is told', () => {
    assert.ok(svgOf(leaf('gateway', 'a.ts:1 <b>', 1)).includes('&lt;b&gt;'))
  })
})
