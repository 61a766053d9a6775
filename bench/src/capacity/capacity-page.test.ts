import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { capacityPage, STUDIES } from './capacity-page.ts'
import { CAPACITY } from './kept.ts'
import { DOCS } from './kept-page.ts'
import { findingsOf, million } from './study.fixture.ts'

describe('the capacity page', () => {
  test('has machine, versions, date, command and figures of what was measured', () => {
    const { markdown } = capacityPage([
      findingsOf('connections', [[10, { perSecond: 1_234.5, p50Ms: 0.25, p99Ms: 2, 'cpu gateway': 0.0123 }]]),
    ])
    for (const part of [
      '2 cores, a processor',
      'Kafka 4.1.1',
      '2026-01-02',
      '`npm run bench:growth`',
      '| 10 | 1,235 | 0.25 | 2 |  | gateway 0.012 |',
    ])
      assert.ok(markdown.includes(part), `${part} in:\n${markdown}`)
  })

  test('says what was not measured yet, and how', () => {
    const { markdown, charts } = capacityPage([])
    assert.equal(markdown.split('Not measured yet.').length - 1, STUDIES.length)
    assert.ok(
      markdown.includes('it needs 1,000 sessions or more of idle, upkeep, active: `npm run bench:growth -- --only idle,upkeep,active`'),
    )
    assert.deepEqual(charts, [])
  })

  test('works the million out once it is measured', () => {
    const { markdown } = capacityPage(million())
    assert.match(markdown, /\| memory of gateways \| 8\.00 KiB a session \| 7\.6 GiB in all \|/)
    assert.match(markdown, /\| 8 \| 17 \| 58,824 \| its core \| 58,824 \| 3 \| 30 s \|/)
    assert.ok(markdown.includes('**one node is not enough**'))
    assert.ok(!/NaN|undefined|Infinity/.test(markdown), markdown)
  })

  test('marks a generator that may be the limit', () => {
    assert.match(capacityPage(million()).markdown, /\| 95 %, may be the limit \|/)
  })

  test('holds deliveries to subscribers against the loops of writes', () => {
    const channels = findingsOf('channels', [
      [100, { perSecond: 80 }, 'gateway'],
      [100, { perSecond: 100 }, 'socket writes'],
      [1_000, { perSecond: 60 }, 'gateway'],
      [1_000, { perSecond: 100 }, 'socket writes'],
      [10_000, { perSecond: 60 }, 'gateway'],
    ])
    const { markdown } = capacityPage([channels])
    assert.ok(markdown.includes('| 100 | 0.80 (target 0.7: reached) |'))
    assert.ok(markdown.includes('| 1,000 | 0.60 (target 0.7: **not reached**) |'))
    assert.ok(markdown.includes('| 10,000 | not measured |'))
  })

  test('says what is left at twice the load, and what a poisoned neighbour costs', () => {
    const { markdown } = capacityPage([
      findingsOf('overload', [
        [1, { goodput: 800 }],
        [2, { goodput: 600 }],
      ]),
      findingsOf('neighbours', [
        [0, { p50Ms: 2, p99Ms: 10 }],
        [256, { p50Ms: 3, p99Ms: 10 }],
      ]),
    ])
    assert.ok(markdown.includes('At 2 times the sustainable load 0.75 of the best is left (target 0.9: **not reached**).'))
    assert.ok(markdown.includes('Beside it p50 is 1.50 times, p99 1.00 times what it is alone.'))
  })

  test('shows each of its charts, and has a file for each that it shows', () => {
    const { markdown, charts } = capacityPage(million())
    const shown = [...markdown.matchAll(/!\[[^\]]*\]\(capacity\/([^)]+)\)/g)].map(([, file]) => file)
    assert.deepEqual(shown.toSorted(), charts.map(({ file }) => file).toSorted())
    assert.ok(shown.length >= 2)
  })
})

describe('what is kept', () => {
  test('one study is replaced and the others stay', t => {
    const folder = mkdtempSync(join(tmpdir(), 'causeway-capacity-'))
    t.after(() => rmSync(folder, { recursive: true }))
    const docs = pathToFileURL(`${folder}/`)
    for (const findings of million()) CAPACITY.keep(findings, docs)
    CAPACITY.keep(findingsOf('active', [[5, { p99Ms: 1 }]]), docs)
    assert.deepEqual(
      CAPACITY.read(docs).map(({ study, points }) => [study, points.length]),
      [
        ['idle', 2],
        ['upkeep', 2],
        ['active', 1],
      ],
    )
    assert.equal(readFileSync(new URL('capacity.md', docs), 'utf8'), capacityPage(CAPACITY.read(docs)).markdown)
  })

  test('docs/capacity.md and its charts are what the kept figures make', () => {
    const { markdown, charts } = capacityPage(CAPACITY.read())
    assert.equal(readFileSync(new URL('capacity.md', DOCS), 'utf8'), markdown, 'npm run bench:growth -- --page writes it')
    for (const { file, svg } of charts) assert.equal(readFileSync(new URL(`capacity/${file}`, DOCS), 'utf8'), svg, file)
    const without = STUDIES.filter(({ id }) => !charts.some(({ file }) => file === `${id}.svg`))
    for (const { id } of without) assert.ok(!existsSync(new URL(`capacity/${id}.svg`, DOCS)), id)
  })
})
