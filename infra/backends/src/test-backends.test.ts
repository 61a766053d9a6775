import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { chromiumPath } from './chromium.ts'
import { testBackends } from './test-backends.ts'

const moduleUrl = new URL('./test-backends.ts', import.meta.url).href

function runCase(environment: Record<string, string>): { status: number | null; stdout: string } {
  const source = `import { backendTest } from '${moduleUrl}'
    backendTest('talks to Kafka', { kafka: true }, (t, { kafka }) => { console.log('got ' + kafka) })`
  const { status, stdout } = spawnSync(process.execPath, ['--input-type=module', '--conditions=source', '-e', source], {
    env: environment,
    encoding: 'utf8',
  })
  return { status, stdout }
}

test('addresses come from the environment, and what is missing has a reason', () => {
  const backends = testBackends({
    CAUSEWAY_TEST_KAFKA: '127.0.0.1:1',
    CAUSEWAY_TEST_CHROMIUM: '/browser',
    CAUSEWAY_TEST_REDIS_MISSING: 'no such thing',
  })
  assert.deepEqual(backends, {
    kafka: '127.0.0.1:1',
    redis: undefined,
    chromium: '/browser',
    required: false,
    reason: 'no redis: no such thing',
  })
})

test('nothing missing leaves no reason', () => {
  const all = { CAUSEWAY_TEST_KAFKA: '127.0.0.1:1', CAUSEWAY_TEST_REDIS: '127.0.0.1:2', CAUSEWAY_TEST_CHROMIUM: '/browser' }
  assert.equal(testBackends({ ...all, CAUSEWAY_TEST_BACKENDS: 'required' }).reason, undefined)
  assert.equal(testBackends({ ...all, CAUSEWAY_TEST_BACKENDS: 'required' }).required, true)
})

test('a case gets the address it asked for', () => {
  const { status, stdout } = runCase({ CAUSEWAY_TEST_KAFKA: '127.0.0.1:9' })
  assert.equal(status, 0)
  assert.match(stdout, /got 127\.0\.0\.1:9/)
})

test('a case whose backend is missing is skipped with the way to get it', () => {
  const { status, stdout } = runCase({})
  assert.equal(status, 0)
  assert.match(stdout, /talks to Kafka.*no kafka: not started: run `npm test` at the root/)
  assert.doesNotMatch(stdout, /got/)
})

test('a case whose backend is missing fails where backends are required', () => {
  const { status, stdout } = runCase({ CAUSEWAY_TEST_BACKENDS: 'required' })
  assert.equal(status, 1)
  assert.match(stdout, /no kafka/)
})

test('no chromium on PATH is undefined, a named one wins', () => {
  assert.equal(chromiumPath({ PATH: '/nonexistent' }), undefined)
  assert.equal(chromiumPath({ PATH: '/nonexistent', CAUSEWAY_TEST_CHROMIUM: '/mine' }), '/mine')
})
