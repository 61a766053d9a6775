import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type LineChart, lineChartSvg } from './line-chart.ts'

const always = (value: number) => ({ median: value, min: value, max: value })
const chart = (points: readonly [at: number, value: number][], changes: Partial<LineChart> = {}): string =>
  lineChartSvg({
    ...{ title: 't', unit: 'u', of: 'o', logarithmic: [] },
    lines: [{ label: 'a', points: points.map(([at, value]) => ({ at, value: always(value) })) }],
    ...changes,
  })
const numbers = (svg: string, attribute: string): number[] =>
  [...svg.matchAll(new RegExp(`<circle[^>]* ${attribute}="([\\d.]+)"[^>]* r="3.5"`, 'g'))].map(([, value]) => Number(value))
/** Differences of neighbours. */
const steps = (values: readonly number[]): number[] => values.slice(1).map((value, index) => value - values[index])

describe('a line chart', () => {
  test('draws values to one scale from 0, larger ones higher', () => {
    const [a, b] = steps(
      numbers(
        chart([
          [1, 100],
          [2, 200],
          [3, 300],
        ]),
        'cy',
      ),
    )
    assert.ok(a < 0 && Math.abs(a - b) <= 0.2, `${a} and ${b}`)
  })

  test('is as far from ten to a hundred as from a hundred to a thousand where it is logarithmic', () => {
    const svg = chart(
      [
        [10, 1],
        [100, 10],
        [1_000, 100],
      ],
      { logarithmic: ['x', 'y'] },
    )
    for (const attribute of ['cx', 'cy']) {
      const [a, b] = steps(numbers(svg, attribute))
      assert.ok(Math.abs(a - b) <= 0.2 && a !== 0, `${attribute}: ${a} and ${b}`)
    }
  })

  test('keeps all it draws inside, whiskers and a 0 on a logarithmic axis too', () => {
    const lines = [
      {
        label: 'a',
        points: [
          { at: 1, value: { median: 0, min: 0, max: 99_999 } },
          { at: 8, value: always(7) },
        ],
      },
    ]
    for (const logarithmic of [[], ['x', 'y']] as const) {
      const svg = lineChartSvg({ title: 't', unit: 'u', of: 'o', lines, logarithmic })
      assert.ok(!/NaN|Infinity|"-|[MLVH ]-/.test(svg), svg)
    }
  })

  test('draws one size, and a value that is always 0', () => {
    for (const logarithmic of [[], ['x', 'y']] as const) assert.ok(!/NaN|Infinity/.test(chart([[5, 0]], { logarithmic })))
  })

  test('sorts sizes, names them below the axis, and has a legend where there are several lines', () => {
    const lines = ['a', 'b'].map(label => ({
      label,
      points: [
        { at: 64, value: always(2) },
        { at: 1, value: always(1) },
      ],
    }))
    const svg = lineChartSvg({ title: 't', unit: 'u', of: 'partitions', lines, logarithmic: [] })
    const [first, second] = numbers(svg, 'cx')
    assert.ok(first < second)
    for (const part of ['>64<', '>partitions<', '>a<', '>b<']) assert.ok(svg.includes(part), part)
    assert.ok(!chart([[1, 1]]).includes('>a<'))
  })

  test('escapes what it is told', () => {
    const svg = chart([[1, 1]], { title: 'a "b"', unit: 'c & d', of: '<e>' })
    for (const part of ['a &quot;b&quot;', 'c &amp; d', '&lt;e&gt;']) assert.ok(svg.includes(part), part)
  })
})
