import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const COMMAND = fileURLToPath(new URL('../bin/causeway.js', import.meta.url))

const run = (...args: string[]) => spawnSync(process.execPath, [COMMAND, ...args], { encoding: 'utf8' })

describe('the causeway command', () => {
  const { stdout: help } = run('--help')
  const named = [...help.matchAll(/^ {2}([a-z]+) {2,}\S/gm)].map(([, name]) => name!)

  test('lists its commands', () => {
    assert.deepEqual(named, ['start', 'gateway', 'worker', 'req', 'routes', 'dlq', 'config'])
  })

  for (const name of named) {
    test(`${name} is told with what it takes`, () => {
      const { status, stdout } = run('help', name)
      assert.equal(status, 0)
      assert.match(stdout, new RegExp(`^Usage: causeway ${name} `))
      assert.match(stdout, /--url|--json|--reason|history|replay/)
    })
  }

  test('a command that is none is refused with what may have been meant', () => {
    const { status, stderr } = run('strat')
    assert.equal(status, 1)
    assert.match(stderr, /unknown command 'strat'\n\(Did you mean start\?\)/)
  })

  test('an option that is none is a wrong configuration', () => {
    const { status, stderr } = run('start', '--tcp-prot', '1')
    assert.equal(status, 78)
    assert.match(stderr, /unknown option '--tcp-prot'\n\(Did you mean --tcp-port\?\)/)
  })

  test('several processes are for gateways alone', () => {
    const worker = run('worker', './none.ts', '--processes', '2')
    assert.deepEqual([worker.status, run('start', '--processes', '2').status], [78, 78])
    assert.match(worker.stderr, /CAUSEWAY_PROCESSES is 2: `causeway worker` is one process; expected 1, or start more workers/)
    assert.match(run('gateway', '--process', '2').stderr, /use --processes 4/)
  })

  test('its version is that of its package', () => {
    assert.match(run('--version').stdout, /^\d+\.\d+\.\d+\n$/)
  })
})
