import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { comparison } from '../comparison.fixture.ts'
import type { TrialRow } from '../trial.ts'
import { COMPARANDS } from './comparands.ts'
import type { PartGroup } from './part-group.ts'
import { partGroups } from './parts.ts'
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

  test('shows what each unit holds where that was measured', () => {
    const held = (name: string, resident: number): TrialRow => ({
      ...{ name, unit: 'opened', perSecond: always(5_000), cpuSecondsPer1000: {} },
      bytesEach: { resident: always(resident), heapAndExternal: always(2_500) },
    })
    const rows = [held('gateway, websocket', 6_000), held('ws server', 8_000)]
    const section = partsSection(comparison({ trials: [{ id: 'memory', name: 'Memory', what: 'w', versions: {}, notMeasured: [], rows }] }))
    assert.ok(section.includes('| gateway, websocket | 6,000 | 2,500 | 5,000 |'), section)
    assert.ok(section.includes('| gateway, websocket / ws server, resident | 0.750 | at most 1: reached |'), section)
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

describe('what each part is held against', () => {
  test('is measured', async () => {
    const names = new Set<string>()
    for (const group of partGroups(1)) for (const name of await namesOf(group)) names.add(`${group.id}: ${name}`)
    for (const { group, ours, peer } of COMPARANDS)
      for (const name of [ours, peer]) assert.ok(names.has(`${group}: ${name}`), `${group}: ${name}`)
  })

  test('has the names that its group tells before it is started', async () => {
    for (const group of partGroups(1)) {
      const { id, names, needs } = group
      // what needs servers makes its trials of those names
      if (names !== undefined && needs === undefined) assert.deepEqual(await startedNames(group), names, id)
    }
  })
})

const namesOf = async (group: PartGroup): Promise<readonly string[]> => group.names ?? (await startedNames(group))

async function startedNames(group: PartGroup): Promise<string[]> {
  await using running = await group.start()
  return running.trials.map(({ name }) => name)
}
