import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { DOCS } from '../capacity/kept-page.ts'
import { findingsOf } from '../capacity/study.fixture.ts'
import { SEEDS } from './seeds.ts'
import { SEEDS_PAGE, seedsPage } from './seeds-page.ts'

const buffering = () =>
  findingsOf('buffering', [
    [64, { perSecond: 20_000 }, 'a write each'],
    [64, { perSecond: 200_000 }, 'one write a turn'],
  ])

describe('the page of the articles’ tables', () => {
  test('has what was measured, beside what the article tells, and a chart in which ours stands out', () => {
    const { markdown, charts } = seedsPage([buffering()])
    assert.match(
      markdown,
      /\| requests\/s, 64 connections \| 15,000 \| 85,000 \| 5\.67 \| 20,000 \| 200,000 \| 10\.0 \| 5\.67: reached \| 2\.35 \|/,
    )
    assert.ok(markdown.includes('\n## Small writes\n\n') && markdown.includes('![Small writes](seeds/buffering.svg)'), markdown)
    assert.match(charts[0].svg, /a write each, 64[\s\S]*class="p"[\s\S]*one write a turn, 64[\s\S]*class="o"/)
  })

  test('says what was not measured yet', () => {
    const { markdown, charts } = seedsPage([])
    assert.equal(markdown.split('Not measured yet.').length - 1, SEEDS.length)
    assert.deepEqual(charts, [])
  })

  test('is what the kept figures make, charts too', () => {
    const { markdown, charts } = seedsPage(SEEDS_PAGE.read())
    assert.equal(readFileSync(new URL('seeds.md', DOCS), 'utf8'), markdown, 'npm run bench:seeds -- --page writes it')
    for (const { file, svg } of charts) assert.equal(readFileSync(new URL(`seeds/${file}`, DOCS), 'utf8'), svg, file)
    const without = SEEDS.filter(({ study }) => !charts.some(({ file }) => file === `${study.id}.svg`))
    for (const { study } of without) assert.ok(!existsSync(new URL(`seeds/${study.id}.svg`, DOCS)), study.id)
  })
})

test('tables have an id each', () => {
  assert.equal(new Set(SEEDS.map(({ study }) => study.id)).size, SEEDS.length)
})
