import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { changeLines, madeLines, PROCESSES } from './config-text.ts'
import { table } from './table.ts'

describe('what `causeway config` prints', () => {
  test('of a change: what is new, gone and another', () => {
    const changes = [
      { path: 'gateway/window', after: 5 },
      { path: 'gateway/keepAlive', before: '9s' },
      { path: 'worker/logLevel', before: 'info', after: 'debug' },
    ]
    assert.deepEqual(changeLines(changes), ['+ gateway/window: 5', '- gateway/keepAlive: "9s"', '~ worker/logLevel: "info" -> "debug"'])
  })

  test('of a version: where it is at work, and who was not heard of', () => {
    const made = { version: 3, changes: [], warnings: [], working: ['gw-1'], pending: [] }
    assert.deepEqual(madeLines(made), ['nothing to change: version 3 says so already'])
    assert.deepEqual(madeLines({ ...made, changes: [{ path: 'a', after: 1 }], warnings: ['odd'], pending: ['gw-2'] }), [
      '+ a: 1',
      'warning: odd',
      'version 3, at work in 1 process',
      'not heard of yet: gw-2 (causeway config status)',
    ])
  })

  test('of processes: the version of each, and what it keeps to itself', () => {
    const told = [
      { process: 'gw-1', kind: 'gateway', host: 'a', version: 2, source: 'log', refused: { version: 3, reason: 'no port' } },
      { process: 'wk-1', kind: 'worker', service: 'orders', host: 'b', version: 3, source: 'disk', overridden: ['logLevel'] },
    ]
    assert.deepEqual(table(told, PROCESSES), [
      'process  kind              host  version  from  but',
      'gw-1     gateway           a           2  log   refuses version 3: no port',
      'wk-1     worker of orders  b           3  disk  keeps its own logLevel',
    ])
  })
})
