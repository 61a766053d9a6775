// What each package's `npm test` runs, in the package's folder: node:test over src, read from source, with the results on stdout
// and in coverage/summary.json. CAUSEWAY_TEST_PACKAGE_TIMEOUT (seconds) replaces the limit for all of them. Arguments go to node:test, for example `npm test -w @causeway/protocol -- --test-name-pattern=hello`.
import { spawn } from 'node:child_process'
import { globSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ships } from './coverage.ts'
import { PACKAGE_TIMEOUT_S, TEST_TIMEOUT_MS } from './limits.ts'
import { emptySummary, type TestSummary } from './summary.ts'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const SUMMARY = 'coverage/summary.json'
/** Sources without their types, and code: a third of what the packages' tests would cost otherwise. Ignored by git. */
const COMPILE_CACHE = join(ROOT, 'node_modules/.cache/causeway-compile')

mkdirSync('coverage', { recursive: true })
rmSync(SUMMARY, { force: true })
const files = globSync('src/**/*.test.ts').sort()
if (files.length === 0) {
  writeSummary(emptySummary())
  console.log('no tests')
} else {
  process.exitCode = await runTests()
}

function runTests(): Promise<number> {
  const args = [
    '--conditions=source',
    '--test',
    `--test-timeout=${TEST_TIMEOUT_MS}`,
    '--test-reporter=spec',
    '--test-reporter-destination=stdout',
    `--test-reporter=${fileURLToPath(new URL('./summary-reporter.ts', import.meta.url))}`,
    `--test-reporter-destination=${SUMMARY}`,
    ...process.argv.slice(2),
    ...files,
  ]
  const child = spawn(process.execPath, args, { stdio: 'inherit', env: testEnvironment() })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
  const timeoutS = Number(process.env.CAUSEWAY_TEST_PACKAGE_TIMEOUT ?? PACKAGE_TIMEOUT_S)
  let overdue = false
  const limit = setTimeout(() => {
    overdue = true
    child.kill('SIGTERM')
  }, timeoutS * 1000)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', code => {
      clearTimeout(limit)
      if (overdue) reportOverdue(timeoutS)
      resolve(overdue ? 1 : (code ?? 1))
    })
  })
}

/** A killed run writes no summary: the failure stands for all its tests, whose own results are above on stdout. */
function reportOverdue(timeoutS: number): void {
  const name = `not finished after ${timeoutS} s: a test hangs, or a test file left something open`
  console.log(`✖ ${name}`)
  writeSummary({ ...emptySummary(), failed: [{ name, file: '' }] })
}

function writeSummary(summary: TestSummary): void {
  writeFileSync(SUMMARY, `${JSON.stringify(summary, null, 2)}\n`)
}

/**
 * Coverage is asked of what ships, by its own tests: counting makes code slower, and whole systems (e2e, infra, bench) are to run as they do elsewhere.
 * Each process loads what others have compiled.
 */
function testEnvironment(): NodeJS.ProcessEnv {
  const folder = ships(relative(ROOT, process.cwd())) ? process.env.CAUSEWAY_TEST_COVERAGE : undefined
  return { ...process.env, NODE_COMPILE_CACHE: COMPILE_CACHE, ...(folder && { NODE_V8_COVERAGE: folder }) }
}
