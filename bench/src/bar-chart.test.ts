import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { barChartSvg } from './bar-chart.ts'

const bar = (label: string, median: number, min = median, max = median) => ({
  label,
  value: { median, min, max },
  isOurs: label === 'ours',
})
const widths = (svg: string) => [...svg.matchAll(/<rect[^>]* width="([\d.]+)"/g)].map(([, width]) => Number(width))

describe('a bar chart', () => {
  test('draws medians to one scale from 0', () => {
    const [whole, half] = widths(barChartSvg({ title: 't', unit: 'u', bars: [bar('a', 200), bar('b', 100)] }))
    assert.equal(half * 2, whole)
  })

  test('has room for the longest whisker', () => {
    const [alone] = widths(barChartSvg({ title: 't', unit: 'u', bars: [bar('a', 100)] }))
    const [beside] = widths(barChartSvg({ title: 't', unit: 'u', bars: [bar('a', 100, 50, 200)] }))
    assert.equal(beside * 2, alone)
  })

  test('sets ours apart, and writes the figures', () => {
    const svg = barChartSvg({ title: 't', unit: 'u', bars: [bar('ours', 12_345), bar('theirs', 1)] })
    assert.match(svg, /class="o"[\s\S]*class="p"/)
    assert.ok(svg.includes('>12,345<'))
  })

  test('escapes what it is told', () => {
    const svg = barChartSvg({ title: 'a "b"', unit: 'c & d', bars: [bar('<e>', 1)] })
    for (const part of ['a &quot;b&quot;', 'c &amp; d', '&lt;e&gt;']) assert.ok(svg.includes(part), part)
  })
})
