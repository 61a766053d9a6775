import { CAPACITY } from './kept.ts'
import { type Measuring, outletTo, runStudies } from './run-studies.ts'
import type { Findings } from './study.ts'
import { readStudyOptions, type StudyCommand, studyHelp, type Told } from './study-options.ts'

/** What such a command does with its arguments: prints its help, or measures what they name. `open` starts what is measured; `parts` end it; `keep` keeps what was found. */
export async function studyCommand<N extends string>(
  command: StudyCommand<N>,
  open: (told: Told<N>, parts: AsyncDisposableStack) => Promise<readonly Measuring[]>,
  keep = (findings: Findings) => CAPACITY.keep(findings),
): Promise<void> {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
  try {
    const argv = process.argv.slice(2)
    const told = readStudyOptions(command, argv)
    if (told.help) {
      process.stdout.write(studyHelp(command))
      return
    }
    await using parts = new AsyncDisposableStack()
    const measurings = await open(told, parts)
    const wanted = measurings.filter(({ study }) => told.only.includes(study.id))
    const typed = [`npm run ${command.name}`, ...(argv.length > 0 ? ['--', ...argv] : [])].join(' ')
    const isComplete = await runStudies(wanted, told, typed, outletTo(keep))
    // what was asked for and is missing is no success
    if (!isComplete) process.exitCode = 1
  } catch (error) {
    process.stderr.write(`bench: ${(error as Error).message}\n`)
    process.exitCode = 1
  }
}
