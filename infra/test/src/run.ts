// `npm test`: starts what the tests need, runs every package's tests through turbo, and sums them up; the counts are the last line.
// `--coverage` also measures coverage and fails below the least; other arguments go to turbo, for example --filter=@causeway/protocol.
import { mkdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromiumPath, type StartedBackends, startBackends } from '@causeway/test-backends'
import { reportCoverage } from './coverage.ts'
import { PACKAGES_AT_ONCE } from './limits.ts'
import { readSummary, reportLines, sumUp, type TestSummary } from './summary.ts'
import { runTests, type TestedPackage, type TurboCall, testedPackages } from './turbo.ts'

const root = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))))
const coverageFolder = join(root, 'coverage', 'v8')

process.exitCode = await main(process.argv.slice(2))

async function main(args: string[]): Promise<number> {
  const withCoverage = args.includes('--coverage')
  const interruption = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interruption.abort())
  const backends = await backendsForTests()
  const call: TurboCall = {
    root,
    args: turboArguments(args, withCoverage),
    environment: turboEnvironment(backends.environment, withCoverage),
    signal: interruption.signal,
  }
  let tested: TestedPackage[]
  let turboCode: number
  try {
    tested = await testedPackages(call)
    for (const { directory } of tested) rmSync(summaryFile(directory), { force: true })
    turboCode = interruption.signal.aborted ? 1 : await runTests(call)
  } finally {
    await backends.stop()
  }
  const covered = !withCoverage || (await reportCoverage(root, coverageFolder))
  const total = sumOf(tested)
  console.log()
  for (const line of reportLines(total)) console.log(line)
  return turboCode === 0 && covered && total.failed.length === 0 && total.passed > 0 ? 0 : 1
}

/** Those that `npm run backends` already runs, if their addresses are exported; else new ones, stopped at the end. */
async function backendsForTests(): Promise<StartedBackends> {
  if (process.env.CAUSEWAY_TEST_KAFKA && process.env.CAUSEWAY_TEST_REDIS) return { environment: {}, missing: [], stop: async () => {} }
  const backends = await startBackends()
  const { CAUSEWAY_TEST_KAFKA: kafka = 'none', CAUSEWAY_TEST_REDIS: redis = 'none' } = backends.environment
  console.log(`Kafka: ${kafka}, Redis: ${redis}, Chromium: ${chromiumPath() ?? 'none'}`)
  for (const line of backends.missing) console.log(line)
  return backends
}

function turboArguments(args: string[], withCoverage: boolean): string[] {
  const given = args.filter(argument => argument !== '--coverage')
  // a cached result carries no coverage
  return [`--concurrency=${PACKAGES_AT_ONCE}`, '--ui=stream', ...(withCoverage ? ['--force'] : []), ...given]
}

function turboEnvironment(addresses: Record<string, string>, withCoverage: boolean): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = { ...process.env, ...addresses, TURBO_TELEMETRY_DISABLED: '1', TURBO_NO_UPDATE_NOTIFIER: '1' }
  const has = { kafka: environment.CAUSEWAY_TEST_KAFKA, redis: environment.CAUSEWAY_TEST_REDIS, chromium: chromiumPath() }
  // part of the cache's key: a result with skips is no answer once the backend is there
  environment.CAUSEWAY_TEST_WITH = Object.entries(has)
    .flatMap(([name, address]) => (address ? [name] : []))
    .join(',')
  if (withCoverage) {
    rmSync(coverageFolder, { recursive: true, force: true })
    mkdirSync(coverageFolder, { recursive: true })
    environment.CAUSEWAY_TEST_COVERAGE = coverageFolder
  }
  return environment
}

function sumOf(tested: TestedPackage[]): TestSummary {
  return sumUp(new Map(tested.map(({ name, directory }) => [name, readSummary(summaryFile(directory))])))
}

function summaryFile(directory: string): string {
  return join(root, directory, 'coverage', 'summary.json')
}
