// What each package's `npm test` runs, in the package's folder: node:test over src, read from source, with the results on stdout
// and in coverage/summary.json. Arguments go to node:test, for example `npm test -w @causeway/protocol -- --test-name-pattern=hello`.
import { spawn } from 'node:child_process'
import { globSync, mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { TEST_TIMEOUT_MS } from './limits.ts'
import { emptySummary } from './summary.ts'

const SUMMARY = 'coverage/summary.json'

mkdirSync('coverage', { recursive: true })
const files = globSync('src/**/*.test.ts').sort()
if (files.length === 0) {
  writeFileSync(SUMMARY, `${JSON.stringify(emptySummary(), null, 2)}\n`)
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
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', code => resolve(code ?? 1))
  })
}

/** Coverage is asked of the tests and what they start alone, not of npm and turbo around them. */
function testEnvironment(): NodeJS.ProcessEnv {
  const folder = process.env.CAUSEWAY_TEST_COVERAGE
  return folder ? { ...process.env, NODE_V8_COVERAGE: folder } : process.env
}
