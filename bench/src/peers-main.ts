// `npm run bench:peers`: measures Causeway and its peers in turn, and writes docs/performance.md. Its options are in peers-options.ts.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type Comparison, compare } from './compare.ts'
import { partsOf, withParts } from './parts/parts-section.ts'
import { PEERS_HELP, type PeersOptions, readPeersOptions } from './peers-options.ts'
import { CHART_FOLDER, performancePage } from './performance-page.ts'
import { BROAD, byGenerators, DEEP, SHAPES } from './shapes.ts'
import { SUBJECTS, TRIAL_GROUPS } from './subjects.ts'

const DOCS = new URL('../../docs/', import.meta.url)

async function run(options: PeersOptions, command: string): Promise<void> {
  const comparison =
    options.from === undefined ? await measured(options, command) : (JSON.parse(readFileSync(options.from, 'utf8')) as Comparison)
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(comparison, null, 2)}\n`)
  const { markdown, charts } = performancePage(comparison)
  process.stdout.write(markdown)
  if (options.write) {
    const folder = new URL(`${CHART_FOLDER}/`, DOCS)
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder)
    for (const { file, svg } of charts) writeFileSync(new URL(file, folder), svg)
    const page = new URL('performance.md', DOCS)
    // the parts are measured by a command of their own
    writeFileSync(page, withParts(markdown, partsOf(readFileSync(page, 'utf8'))))
  }
  // what was asked for and is missing is no success
  if ([...comparison.subjects, ...comparison.trials].some(({ notMeasured }) => notMeasured.length > 0)) process.exitCode = 1
}

function measured({ only, rounds, seconds, generators }: PeersOptions, command: string): Promise<Comparison> {
  const isWanted = ({ id }: { id: string }): boolean => only.includes(id)
  const more = generators > 1 ? [BROAD, DEEP].map(shape => byGenerators(shape, generators)) : []
  const what = { subjects: SUBJECTS.filter(isWanted), trials: TRIAL_GROUPS.filter(isWanted), shapes: [...SHAPES, ...more] }
  return compare({ ...what, rounds, seconds, command }, line => void process.stderr.write(`${line}\n`))
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
/** As a reader may repeat it: where the results went besides is nobody's business. */
function commandOf(argv: readonly string[]): string {
  const told = argv.filter((arg, index) => !/^--(json|from)\b/.test(arg) && !/^--(json|from)$/.test(argv[index - 1] ?? ''))
  return ['npm run bench:peers', ...(told.length > 0 ? ['--', ...told] : [])].join(' ')
}

try {
  const argv = process.argv.slice(2)
  const options = readPeersOptions(argv)
  if (options.help) process.stdout.write(PEERS_HELP)
  else await run(options, commandOf(argv))
} catch (error) {
  process.stderr.write(`bench: ${(error as Error).message}\n`)
  process.exitCode = 1
}
