// `npm run faults`: every scenario, then the proof of the checker; ends with status 1 where anything was found, or a bug was not.
import { readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SHOWN } from './limits.ts'
import { machineLine } from './machine.ts'
import { chosen, type Options, readOptions, USAGE } from './options.ts'
import { type Proof, prove } from './proof.ts'
import { between, proofTable, type Result, resultsTable } from './report.ts'
import { type Run, runScenario } from './run-scenario.ts'
import { type Scenario, Skipped } from './scenario.ts'
import { SCENARIOS, SHORT } from './scenarios/index.ts'
import { BUGS } from './seeded-bugs/bugs.ts'
import { stopSharedKafka } from './surroundings.ts'

const PAGE = new URL('../../../docs/reliability.md', import.meta.url)

async function main(options: Options): Promise<void> {
  if (options.help) console.log(USAGE)
  else if (options.list) list()
  else {
    try {
      if (options.proof !== 'alone') await runScenarios(options)
      if (options.proof !== 'without') await runProofs(options)
    } finally {
      await stopSharedKafka()
    }
  }
}

function list(): void {
  for (const { name, breaks } of SCENARIOS) console.log(`${name.padEnd(24)} ${breaks}`)
  console.log()
  for (const { name, what } of BUGS) console.log(`${name.padEnd(24)} ${what}`)
}

async function runScenarios(options: Options): Promise<void> {
  const results: Result[] = []
  const all = options.short ? SHORT : SCENARIOS.map(scenario => ({ scenario, rounds: options.rounds }))
  const named = all.map(each => ({ ...each, name: each.scenario.name }))
  for (const { scenario, rounds } of chosen(named, options.only)) results.push(await runOne(scenario, { ...options, rounds }))
  const text = `${machineLine(options.seed)}\n\n${resultsTable(results)}`
  console.log(`\n${text}\n`)
  if (isWhole(options)) writePage('results', text)
}

/** A run of everything as it is, which the page may show. */
const isWhole = ({ only, short, rounds, requests, seconds }: Options): boolean =>
  !short && only === undefined && rounds === undefined && requests === undefined && seconds === undefined

async function runOne(scenario: Scenario, options: Options): Promise<Result> {
  const { seed, rounds, requests, seconds } = options
  console.log(`${scenario.name}: ${scenario.breaks} (seed ${seed})`)
  try {
    const run = await runScenario(scenario, { seed, rounds, requests, seconds, progress: progress(options) })
    show(run, options)
    return run
  } catch (error) {
    if (!(error instanceof Skipped)) throw error
    console.log(`  SKIPPED: ${error.message}`)
    return { scenario, skipped: error.message }
  }
}

const progress = ({ verbose }: Options) => {
  const from = performance.now()
  return (line: string): void => {
    if (verbose) console.log(`  ${((performance.now() - from) / 1_000).toFixed(1).padStart(6)} s  ${line}`)
  }
}

function show({ scenario, seed, history, violations, figures, rounds, seconds, logs }: Run, { verbose }: Options): void {
  const { requests, notifications, endings, resumes, resumeP99Ms, worstWaitMs } = figures
  const ended = Object.entries(endings)
    .map(([how, number]) => `${number} ${how}`)
    .join(', ')
  console.log(
    `  ${rounds} rounds in ${seconds.toFixed(0)} s: ${requests} requests (${ended}), ${notifications} notifications, ` +
      `${resumes} resumes (p99 ${Math.round(resumeP99Ms)} ms), worst wait ${(worstWaitMs / 1_000).toFixed(1)} s, ${violations.length} violations`,
  )
  if (violations.length === 0) return
  process.exitCode = 1
  for (const [rule, found] of Object.entries(Object.groupBy(violations, each => each.rule))) {
    console.log(`  ${rule.toUpperCase()}: ${found.length}`)
    for (const { session, evidence } of found.slice(0, SHOWN)) console.log(`    ${session}  ${evidence}`)
  }
  const file = join(tmpdir(), `causeway-faults-${scenario.name}-${seed}.json`)
  writeFileSync(file, JSON.stringify(history))
  console.log(`  the whole history is in ${file}`)
  if (verbose) console.log(logs)
}

async function runProofs(options: Options): Promise<void> {
  const proofs: Proof[] = []
  for (const bug of chosen(BUGS, options.proof === 'alone' ? options.only : undefined)) {
    console.log(`${bug.name}: ${bug.what} (${bug.scenario}, seed ${options.seed})`)
    const proof = await prove(bug, options.seed, progress(options))
    proofs.push(proof)
    const [first] = proof.found
    if (first !== undefined) console.log(`  caught ${proof.found.length} times in run ${proof.tries}: ${first.rule}, ${first.evidence}`)
    else if (proof.skipped !== undefined) console.log(`  SKIPPED: ${proof.skipped}`)
    else {
      console.log(`  NOT CAUGHT in ${proof.tries} runs`)
      process.exitCode = 1
    }
  }
  const text = proofTable(proofs)
  console.log(`\n${text}\n`)
  if (options.only === undefined) writePage('proof', text)
}

function writePage(name: string, text: string): void {
  writeFileSync(PAGE, between(readFileSync(PAGE, 'utf8'), name, text))
}

await main(readOptions(process.argv.slice(2), Date.now()))
