// `npm run bench`: starts Causeway, measures it, prints a report. Its options are in options.ts.
import { CAUSEWAY_EMBEDDED, causewayOn } from './causeway.ts'
import { machine } from './machine.ts'
import { resultLine, shapeTasks, warmUp } from './measure-all.ts'
import { HELP, type Options, readOptions } from './options.ts'
import { makeReport, reportText } from './report.ts'
import { runRounds } from './rounds.ts'
import { SHAPES } from './shapes.ts'

async function run(options: Options): Promise<void> {
  const tell = (line: string): void => void process.stderr.write(`${line}\n`)
  const { rounds, seconds, json } = options
  const subject = options.embedded ? CAUSEWAY_EMBEDDED : causewayOn(options)
  tell(`starting ${subject.name}`)
  await using system = await subject.start()
  const running = [{ subject, system }]
  await warmUp(running, SHAPES, tell)
  const tasks = shapeTasks(running, SHAPES, seconds)
  const outcomes = await runRounds(tasks, rounds, (...about) => tell(resultLine(...about)))
  for (const { failure } of outcomes.values()) if (failure !== undefined) throw failure
  const measured = new Map(tasks.map(task => [task.shape, outcomes.get(task)!.results]))
  const report = makeReport({ machine: machine(), subject, system, rounds, seconds }, measured)
  process.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : reportText(report))
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
