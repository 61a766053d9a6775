import { machine } from '../machine.ts'
import type { Findings, Point, Study } from './study.ts'
import type { StudyOptions } from './study-options.ts'
import { studySection } from './study-section.ts'

/** What measuring a study gives. */
export interface Found {
  points: Point[]
  versions: Record<string, string>
  /** How often each size was measured, where it isn't as often as asked. */
  rounds?: number
  /** Measured time of a round, where it isn't as long as asked, s. */
  seconds?: number
}

export interface Measuring {
  study: Study
  /** False where the system is another than that of the page. Default: true. */
  isKept?: boolean
  measure(): Promise<Found>
}

/** Where results go, and news for whoever waits. */
export interface Outlet {
  print(text: string): void
  tell(line: string): void
  keep(findings: Findings): void
}

/** Text to stdout, news to stderr. */
export const outletTo = (keep: Outlet['keep']): Outlet => ({
  print: text => void process.stdout.write(`${text}\n\n`),
  tell: line => void process.stderr.write(`${line}\n`),
  keep,
})

/** Measures one after the other; each is printed, and kept, as soon as it is over. One that fails is told, and the others go on. Resolves to whether none failed. */
export async function runStudies(
  measurings: readonly Measuring[],
  { rounds, seconds, write }: Pick<StudyOptions, 'rounds' | 'seconds' | 'write'>,
  command: string,
  { print, tell, keep }: Outlet,
): Promise<boolean> {
  let isComplete = true
  for (const { study, measure, isKept = true } of measurings) {
    const date = new Date().toISOString()
    const from = performance.now()
    try {
      tell(`measuring ${study.id}`)
      const found = await measure()
      const tookSeconds = Math.round((performance.now() - from) / 1_000)
      const findings: Findings = { study: study.id, date, command, machine: machine(), rounds, seconds, tookSeconds, ...found }
      print(studySection(study, findings))
      if (write && isKept) keep(findings)
    } catch (error) {
      isComplete = false
      tell(`${study.id} failed: ${(error as Error).message}`)
    }
  }
  return isComplete
}
