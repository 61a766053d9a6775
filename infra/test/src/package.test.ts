import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { TestSummary } from './summary.ts'

const runner = fileURLToPath(new URL('./package.ts', import.meta.url))

/** Runs a package of the given test files as its `npm test` would. */
function runPackage(
  context: TestContext,
  files: Record<string, string>,
  extra: NodeJS.ProcessEnv = {},
): { status: number | null; stdout: string; summary: TestSummary } {
  const folder = mkdtempSync(join(tmpdir(), 'causeway-runner-'))
  context.after(() => rmSync(folder, { recursive: true }))
  mkdirSync(join(folder, 'src'))
  for (const [name, body] of Object.entries(files))
    writeFileSync(join(folder, 'src', name), `import { describe, test } from 'node:test'\n${body}\n`)
  const { NODE_TEST_CONTEXT: _, ...environment } = process.env
  const { status, stdout } = spawnSync(process.execPath, [runner], { cwd: folder, env: { ...environment, ...extra }, encoding: 'utf8' })
  return { status, stdout, summary: JSON.parse(readFileSync(join(folder, 'coverage/summary.json'), 'utf8')) }
}

test('cases are counted, not the suites and files around them', context => {
  const { status, stdout, summary } = runPackage(context, {
    'one.test.ts': `describe('suite', () => { test('a', () => {}); describe('inner', () => { test('b', () => {}) }) })`,
    'two.test.ts': `test('c', () => {})`,
  })
  assert.equal(status, 0)
  assert.match(stdout, /✔ c/)
  assert.deepEqual(summary, { passed: 3, failed: [], skipped: [] })
})

test('a skip is named with its reason, a failure with its file', context => {
  const { status, summary } = runPackage(context, {
    'one.test.ts': `test('left', { skip: 'not today' }, () => {}); test('wrong', () => { throw new Error('no') }); test('later', { todo: true }, () => {})`,
  })
  assert.equal(status, 1)
  assert.deepEqual(summary, {
    passed: 0,
    failed: [{ name: 'wrong', file: 'src/one.test.ts' }],
    skipped: [
      { name: 'left', reason: 'not today' },
      { name: 'later', reason: '' },
    ],
  })
})

test('a file that does not load is a failure', context => {
  const { status, summary } = runPackage(context, { 'one.test.ts': `import './absent.ts'` })
  assert.equal(status, 1)
  assert.equal(summary.failed.length, 1)
  assert.equal(summary.failed[0]!.file, 'src/one.test.ts')
})

test('a file without a case passes nothing', context => {
  const { summary } = runPackage(context, { 'one.test.ts': '' })
  assert.deepEqual(summary, { passed: 0, failed: [], skipped: [] })
})

test('a package without test files passes, with nothing counted', context => {
  const { status, summary } = runPackage(context, {})
  assert.equal(status, 0)
  assert.deepEqual(summary, { passed: 0, failed: [], skipped: [] })
})

test('a file that leaves something open is ended and is a failure', context => {
  const { status, summary } = runPackage(
    context,
    { 'one.test.ts': `test('a', () => { setInterval(() => {}, 1000) })` },
    { CAUSEWAY_TEST_PACKAGE_TIMEOUT: '1' },
  )
  assert.equal(status, 1)
  assert.match(summary.failed[0]!.name, /not finished after 1 s/)
})
