import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { account } from './account.fixture.ts'
import type { KeptAccount, KeptFlames } from './found.ts'
import { keepStages, readStages } from './kept.ts'
import { stagesPage } from './stages-page.ts'

const circumstances = {
  machine: { cores: 2, processor: 'a processor', memoryGiB: 8, system: 'Linux 6', node: '24.0.0' },
  ...{ date: '2026-01-02T03:04:05Z', command: 'npm run bench:stages', seconds: 5 },
}
const keptAccount = (changes: Parameters<typeof account>[0] = {}): KeptAccount => ({
  ...{ ...circumstances, rounds: 3 },
  systems: [
    { name: 'Kafka, Redis', versions: { Kafka: '4.1.1' }, shapes: [account(changes)] },
    { name: 'embedded', versions: { lmdb: '3.5.6' }, shapes: [account({ ...changes, sumMs: 2 })] },
  ],
})
const keptFlames = (): KeptFlames => ({
  ...circumstances,
  processes: [
    {
      ...{ id: 'worker', busy: 0.5, roundTripsPerSecond: 70_000, versions: { Kafka: '4.1.1' } },
      functions: [{ name: 'consumers: lane.ts:1 add', self: 0.25, total: 0.5 }],
      groups: [
        { name: 'consumers', self: 0.75, total: 0.9 },
        { name: 'seldom', self: 0.001, total: 0.001 },
      ],
    },
  ],
})

function inFolder(run: (docs: URL, files: () => string[]) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'causeway-stages-'))
  try {
    run(pathToFileURL(`${folder}/`), () => readdirSync(join(folder, 'stages')).sort())
  } finally {
    rmSync(folder, { recursive: true })
  }
}

describe('the page of the stages', () => {
  test('has sum, round trip and their ratio, held against 10 %', () => {
    const { markdown } = stagesPage({ account: keptAccount() })
    assert.match(markdown, /\| decode \| 1\.000 \(0\.800 to 1\.200\) \| 0\.900 \| 3\.000 \| 25\.0 % \|/)
    assert.match(markdown, /\| \*\*sum\*\* \| 4\.000 \|/)
    assert.match(markdown, /\| sum \/ round trip, within 10 % \| 0\.976 \(0\.950 to 1\.010\) \|/)
    const off = stagesPage({ account: keptAccount({ ratio: { median: 1, min: 0.8, max: 1.05 } }) })
    assert.match(off.markdown, /\*\*not within\*\* 10 % \| 1\.000 \(0\.800 to 1\.050\)/)
  })

  test('has a chart for each shape, with a bar for each system', () => {
    const { charts, markdown } = stagesPage({ account: keptAccount() })
    assert.deepEqual(
      charts.map(({ file }) => file),
      ['account-64-x-1.svg'],
    )
    assert.match(charts[0].svg, />Kafka, Redis<[\s\S]*>embedded</)
    assert.ok(markdown.includes('](stages/account-64-x-1.svg)'))
  })

  test('has the costs of each process, machine, versions and command', () => {
    const { markdown } = stagesPage({ flames: keptFlames() })
    for (const part of [
      'Busy 50.0 % of the time, at 70,000 round trips a second',
      '](stages/flame-worker.svg)',
      '| `consumers: lane.ts:1 add` | 25.0 % | 50.0 % |',
      '2 cores, a processor, 8 GiB, Linux 6, Node 24.0.0, Kafka 4.1.1; 2026-01-02',
      '    npm run bench:stages',
    ])
      assert.ok(markdown.includes(part), `${part} in:\n${markdown}`)
    assert.ok(!markdown.includes('seldom'))
  })
})

describe('what is kept of the stages', () => {
  test('is read again, and the part that was not measured stays', () => {
    inFolder((docs, files) => {
      keepStages({ flames: keptFlames() }, { 'flame-worker.svg': '<svg/>' }, docs)
      keepStages({ account: keptAccount() }, {}, docs)
      assert.deepEqual(files(), ['account-64-x-1.svg', 'account.json', 'flame-worker.svg', 'flames.json'])
      assert.deepEqual(readStages(docs), { account: keptAccount(), flames: keptFlames() })
      assert.equal(readFileSync(new URL('stages.md', docs), 'utf8'), stagesPage(readStages(docs)).markdown)
    })
  })
})
