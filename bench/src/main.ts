// `npm run bench`: starts everything, measures, prints a report. Its options are in options.ts.
import { machine } from './machine.ts'
import { measureAll } from './measure.ts'
import { HELP, type Options, readOptions } from './options.ts'
import { makeReport, reportText } from './report.ts'
import { startSystem } from './system.ts'

async function run(options: Options): Promise<void> {
  const tell = (line: string): void => void process.stderr.write(`${line}\n`)
  tell(options.embedded ? 'starting causeway' : 'starting Kafka, Redis, gateway and worker')
  await using system = await startSystem(options)
  const measured = await measureAll(system, options, tell)
  const { rounds, seconds } = options
  const report = makeReport({ machine: await machine(system.redis), system, rounds, seconds }, measured)
  process.stdout.write(options.json ? `${JSON.stringify(report, null, 2)}\n` : reportText(report))
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
try {
  const options = readOptions(process.argv.slice(2))
  if (options.help) process.stdout.write(HELP)
  else await run(options)
} catch (error) {
  process.stderr.write(`bench: ${(error as Error).message}\n`)
  process.exitCode = 1
}
