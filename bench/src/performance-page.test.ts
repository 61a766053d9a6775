import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { comparison, reported } from './comparison.fixture.ts'
import { performancePage } from './performance-page.ts'

describe('the performance page', () => {
  test('has machine, date, command, durability and versions of what was measured', () => {
    const { markdown } = performancePage(comparison())
    for (const part of [
      '2 cores, a processor',
      '2026-01-02',
      'npm run bench:peers -- --rounds 5',
      'durability of grpc-js',
      'grpc-js 1.2.3',
    ])
      assert.ok(markdown.includes(part), `${part} in:\n${markdown}`)
  })

  test('says of each target whether it was reached', () => {
    const { markdown } = performancePage(comparison())
    assert.match(
      markdown,
      /\| 64 x 16 \| The causeway-platformatic, better client \| 8\.00 \(target 8: reached\) \| 1\.60 \(target 2: \*\*not reached\*\*\) \|/,
    )
  })

  test('holds one message at a time to Kafka’s own tool, and embedded to a time', () => {
    const subjects = ['causeway-kafkajs', 'causeway-embedded'].map(id => reported(id, 'ours', { '1 x 1': 1_000 }))
    const tool = { ...trialRow, name: 'end-to-end latency', perSecond: { median: 1_250, min: 1_000, max: 1_500 } }
    const trials = [{ id: 'kafka-tools', name: 'Tools', what: 'w', versions: {}, notMeasured: [], rows: [tool] }]
    const { markdown } = performancePage(comparison({ shapes: ['1 x 1'], subjects, trials }))
    assert.ok(
      markdown.includes(
        '- The causeway-kafkajs: 1.00 ms, 1.25 times the 0.80 ms of Kafka’s own end-to-end tool (target at most 1.5: reached)',
      ),
    )
    assert.ok(markdown.includes('- The causeway-embedded: 1.00 ms, on disk twice in it (target at most 1.5 ms: reached)'))
  })

  test('names what was not measured, and why', () => {
    const missing = {
      ...reported('rabbitmq', 'peer', {}),
      notMeasured: ['rabbitmq-server is not installed (apt-get install rabbitmq-server)'],
    }
    const { markdown } = performancePage(comparison({ subjects: [...comparison().subjects, missing] }))
    assert.ok(markdown.includes('- The rabbitmq: not measured: rabbitmq-server is not installed (apt-get install rabbitmq-server)'))
    assert.ok(markdown.includes('not measured (target 4.5)'))
  })

  test('marks a row whose generator may be the limit', () => {
    const of = comparison()
    of.subjects[5].rows[1].generatorCpuShare = 0.97
    const lines = performancePage(of)
      .markdown.split('\n')
      .filter(line => line.includes('may be the limit |'))
    assert.equal(lines.length, 1)
    assert.match(lines[0], /The net .* 97 %, may be the limit/)
  })

  test('shows what more generators changed', () => {
    const subjects = [reported('grpc-js', 'peer', { '64 x 16': 100, '64 x 16, 2 generators': 104 })]
    const { markdown } = performancePage(comparison({ shapes: ['64 x 16', '64 x 16, 2 generators'], subjects }))
    assert.match(markdown, /The grpc-js \| 104 \([^)]*\), \+4 % \|/)
  })

  test('shows each of its charts, and has a file for each that it shows', () => {
    const trials = [{ id: 'codecs', name: 'Codecs', what: 'w', versions: {}, notMeasured: [], rows: [trialRow] }]
    const { markdown, charts } = performancePage(comparison({ trials }))
    const shown = [...markdown.matchAll(/!\[[^\]]*\]\(performance\/([^)]+)\)/g)].map(([, file]) => file)
    assert.deepEqual(shown.toSorted(), charts.map(({ file }) => file).toSorted())
    assert.equal(new Set(shown).size, shown.length)
  })
})

const trialRow = { name: 'json', unit: 'objects', perSecond: { median: 2, min: 1, max: 3 }, cpuSecondsPer1000: { codec: 1e-6 } }
