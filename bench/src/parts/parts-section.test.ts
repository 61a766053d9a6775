import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { comparison } from '../comparison.fixture.ts'
import type { TrialRow } from '../trial.ts'
import { COMPARANDS, partGroups } from './parts.ts'
import { partsOf, partsSection, withParts } from './parts-section.ts'

const always = (value: number) => ({ median: value, min: value, max: value })
const row = (name: string, perCpuSecond: number, generatorCpuShare = 0.5): TrialRow => ({
  ...{ name, unit: 'frames', perSecond: always(1_000), cpuSecondsPer1000: { server: 1 }, generatorCpuShare },
  perCpuSecond: always(perCpuSecond),
})
const sectionOf = (...rows: TrialRow[]): string =>
  partsSection(
    comparison({ trials: [{ id: 'reading-path', name: 'Reading path', what: 'w', versions: {}, notMeasured: ['x: broke'], rows }] }),
  )

describe('the section on parts', () => {
  test('divides by CPU second, and says of each target whether it was reached', () => {
    const section = sectionOf(row('gateway, tcp, 64 x 16', 450), row('net echo, 64 x 16', 1_000))
    assert.ok(section.includes('| gateway, tcp, 64 x 16 / net echo, 64 x 16 | 0.450 | 0.4: reached, 0.5: **not reached** |'), section)
  })

  test('has no ratio of what was not measured, and says so', () => {
    const section = sectionOf(row('gateway, tcp, 64 x 16', 450))
    assert.ok(!section.includes('net echo, 64 x 16'), section)
    assert.ok(section.includes('Not measured: x: broke.'))
  })

  test('marks load that may be the limit', () => {
    assert.match(sectionOf(row('net echo, 64 x 16', 1, 0.95)), /\| 95 %, may be the limit \|/)
  })

  test('replaces itself on its page, and leaves the rest', () => {
    const [before, after] = [sectionOf(row('a', 1)), sectionOf(row('b', 2))]
    const page = withParts('# Performance\n\nText.\n', before)
    assert.equal(partsOf(page), before)
    assert.equal(withParts(page, after), `# Performance\n\nText.\n\n${after}\n`)
    assert.equal(withParts('# Other\n', undefined), '# Other\n')
  })
})

test('what is compared is measured', async () => {
  const names = new Set<string>()
  for (const group of partGroups(1)) {
    await using running = await group.start()
    for (const { name } of running.trials) names.add(`${group.id}: ${name}`)
  }
  for (const { group, ours, peer } of COMPARANDS)
    for (const name of [ours, peer]) assert.ok(names.has(`${group}: ${name}`), `${group}: ${name}`)
})
