// `npm run simulate`: runs many seeds, or one with its trace. Its options are in options.ts.
import { SHOWN_VIOLATIONS } from './limits.ts'
import { type Outcome, runMany } from './many.ts'
import { HELP, type Options, readOptions } from './options.ts'
import { loadProduct } from './product.ts'
import { bugNamed } from './seeded-bugs.ts'
import { simulate } from './simulation.ts'

const write = (line: string): void => void process.stdout.write(`${line}\n`)

function show({ seed, violations }: Pick<Outcome, 'seed' | 'violations'>, options: Options): void {
  write(`seed ${seed} breaks ${violations.length} promises:`)
  for (const { promise, detail } of violations.slice(0, SHOWN_VIOLATIONS)) write(`  ${promise}: ${detail}`)
  const flags = options.bug === undefined ? '' : ` --bug ${options.bug}`
  write(`  again: npm run simulate -- --seed ${seed} --trace${flags}`)
}

async function runOne(seed: number, options: Options): Promise<boolean> {
  const product = await loadProduct(options.bug === undefined ? [] : [bugNamed(options.bug)])
  const result = await simulate(product, seed, { trace: options.trace ? write : undefined })
  if (result.violations.length > 0) show(result, options)
  write(`seed ${seed}: ${result.steps} events, ${Math.round(result.simulatedMs)} simulated ms, trace ${result.digest.slice(0, 16)}`)
  return result.violations.length === 0
}

async function runSeeds(options: Options): Promise<boolean> {
  const began = performance.now()
  let done = 0
  const failed: number[] = []
  const perSecond = (): string => ((done / (performance.now() - began)) * 1_000).toFixed(1)
  await runMany({
    ...options,
    told: outcome => {
      done++
      if (outcome.violations.length > 0) {
        failed.push(outcome.seed)
        show(outcome, options)
      }
      if (done % 1_000 === 0) write(`${done} seeds, ${failed.length} failed, ${perSecond()} seeds/s`)
    },
  })
  write(
    `${done} seeds from ${options.from}: ${failed.length === 0 ? 'all hold' : `${failed.length} failed (${failed.sort((a, b) => a - b).join(', ')})`}, ${perSecond()} seeds/s`,
  )
  return failed.length === 0
}

try {
  const options = readOptions(process.argv.slice(2))
  if (options.help) process.stdout.write(HELP)
  else if (!(await (options.seed === undefined ? runSeeds(options) : runOne(options.seed, options)))) process.exitCode = 1
} catch (error) {
  process.stderr.write(`simulate: ${(error as Error).message}\n`)
  process.exitCode = 1
}
