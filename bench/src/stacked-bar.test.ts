import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { stackedBarSvg } from './stacked-bar.ts'

const bar = (label: string, ...values: number[]) => ({
  label,
  segments: values.map((value, index) => ({ label: `part ${index}`, value, colour: index })),
})
const chart = (...bars: ReturnType<typeof bar>[]) => stackedBarSvg({ title: 't', unit: 'ms', bars })
const rects = (svg: string) =>
  [...svg.matchAll(/<rect class="s c(\d+)" x="([\d.]+)" y="(\d+)" width="([\d.]+)"/g)].map(match => match.slice(1).map(Number))

describe('a stacked bar', () => {
  test('lays its parts end to end, to one scale for all bars', () => {
    const [[, first, , one], [, second, , three], [, , , alone]] = rects(chart(bar('a', 1, 3), bar('b', 2)))
    assert.equal(second, first + one)
    assert.deepEqual([three, alone], [one * 3, one * 2])
  })

  test('tells its sum, and the figure of a part that has room for it', () => {
    const svg = chart(bar('a', 0.01, 9.99))
    assert.ok(svg.includes('>10.00<') && svg.includes('>9.99<'))
    assert.ok(!svg.includes('>0.01<'))
  })

  test('has each part once in its legend, in their order', () => {
    const legend = [...chart(bar('a', 1, 2), bar('b', 3, 4, 5)).matchAll(/<text class="u"[^>]*>(part \d)</g)].map(([, label]) => label)
    assert.deepEqual(legend, ['part 0', 'part 1', 'part 2'])
  })

  test('escapes what it is told', () => assert.ok(chart(bar('<e>', 1)).includes('&lt;e&gt;')))
})
