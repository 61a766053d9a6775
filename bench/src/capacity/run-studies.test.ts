import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { CONNECTIONS, PARTITIONS, WORKERS } from './growth-studies.ts'
import { type Measuring, runStudies } from './run-studies.ts'
import { type Findings, pointOf } from './study.ts'

const versions = { Kafka: '4.1.1' }
const measured = (study: Measuring['study'], more = {}): Measuring => ({
  study,
  measure: async () => ({ points: [pointOf(4, [{ perSecond: 42 }])], versions, ...more }),
})
const broken: Measuring = { study: WORKERS, measure: () => Promise.reject(new Error('no more cores')) }

async function run(measurings: readonly Measuring[], write = true) {
  const [printed, told, kept] = [[] as string[], [] as string[], [] as Findings[]]
  const outlet = {
    print: (text: string) => printed.push(text),
    tell: (line: string) => told.push(line),
    keep: (found: Findings) => kept.push(found),
  }
  const isComplete = await runStudies(measurings, { rounds: 3, seconds: 2, write }, 'npm run bench:it', outlet)
  return { isComplete, printed, told, kept }
}

describe('studies', () => {
  test('are printed and kept one by one, with their command, rounds and machine', async () => {
    const { isComplete, printed, kept } = await run([measured(CONNECTIONS), measured(PARTITIONS, { rounds: 1, seconds: 5 })])
    assert.equal(isComplete, true)
    assert.deepEqual(
      kept.map(({ study, command, rounds, seconds }) => [study, command, rounds, seconds]),
      [
        ['connections', 'npm run bench:it', 3, 2],
        ['partitions', 'npm run bench:it', 1, 5],
      ],
    )
    assert.ok(printed[0].includes('| 4 | 42 |') && printed[0].includes('3 rounds of 2 s') && printed[0].includes('Kafka 4.1.1'), printed[0])
  })

  test('go on after one that failed, which is told and not kept', async () => {
    const { isComplete, told, kept } = await run([broken, measured(CONNECTIONS)])
    assert.equal(isComplete, false)
    assert.ok(told.includes('workers failed: no more cores'))
    assert.deepEqual(
      kept.map(({ study }) => study),
      ['connections'],
    )
  })

  test('are not kept where that is not wanted', async () => {
    const unwanted = await run([measured(CONNECTIONS)], false)
    assert.deepEqual([unwanted.kept.length, unwanted.printed.length], [0, 1])
    const { kept, printed } = await run([{ ...measured(CONNECTIONS), isKept: false }])
    assert.deepEqual([kept.length, printed.length], [0, 1])
  })
})
