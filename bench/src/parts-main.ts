// `npm run bench:parts`: measures parts of Causeway by themselves. Its options are in parts-options.ts.
import { readFileSync, writeFileSync } from 'node:fs'
import { compare } from './compare.ts'
import { partGroups } from './parts/parts.ts'
import { partsSection, withParts } from './parts/parts-section.ts'
import { PARTS_HELP, type PartsOptions, readPartsOptions } from './parts-options.ts'

const PAGE = new URL('../../docs/performance.md', import.meta.url)

async function run({ only, rounds, seconds, write }: PartsOptions, argv: readonly string[]): Promise<void> {
  const command = ['npm run bench:parts', ...(argv.length > 0 ? ['--', ...argv] : [])].join(' ')
  const trials = partGroups(seconds).filter(({ id }) => only.includes(id))
  const plan = { subjects: [], trials, shapes: [], rounds, seconds, command }
  const comparison = await compare(plan, line => void process.stderr.write(`${line}\n`))
  const section = partsSection(comparison)
  process.stdout.write(`${section}\n`)
  if (write) writeFileSync(PAGE, withParts(readFileSync(PAGE, 'utf8'), section))
  // what was asked for and is missing is no success
  if (comparison.trials.some(({ notMeasured }) => notMeasured.length > 0)) process.exitCode = 1
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
try {
  const argv = process.argv.slice(2)
  const options = readPartsOptions(argv)
  if (options.help) process.stdout.write(PARTS_HELP)
  else await run(options, argv)
} catch (error) {
  process.stderr.write(`bench: ${(error as Error).message}\n`)
  process.exitCode = 1
}
