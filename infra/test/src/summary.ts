import { existsSync, readFileSync } from 'node:fs'

/** A test that did not run, and why. */
export interface SkippedTest {
  name: string
  /** As given to node:test's `skip` or `todo`; empty if none was given. */
  reason: string
}

/** A test that failed. */
export interface FailedTest {
  name: string
  /** The file it stands in, relative to its package; empty if unknown. */
  file: string
}

/** What one package's test run came to; the content of its coverage/summary.json. */
export interface TestSummary {
  passed: number
  failed: FailedTest[]
  skipped: SkippedTest[]
}

/** A run that had no test. */
export const emptySummary = (): TestSummary => ({ passed: 0, failed: [], skipped: [] })

/**
 * Reads a package's summary file. A package that left none died before its tests did: that is a failure of its own, so that
 * a crash can't pass for success.
 */
export function readSummary(file: string): TestSummary {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
  if (text === '') return { ...emptySummary(), failed: [{ name: 'its test run left no summary', file: '' }] }
  return JSON.parse(text) as TestSummary
}

/** Adds up packages' summaries; names get their package in front. */
export function sumUp(summaries: Map<string, TestSummary>): TestSummary {
  const total = emptySummary()
  for (const [packageName, { passed, failed, skipped }] of summaries) {
    total.passed += passed
    for (const test of failed) total.failed.push({ ...test, name: `${packageName}: ${test.name}` })
    for (const test of skipped) total.skipped.push({ ...test, name: `${packageName}: ${test.name}` })
  }
  return total
}

/** The report after a run: skips and failures by name, and the counts as the last line. */
export function reportLines({ passed, failed, skipped }: TestSummary): string[] {
  return [
    ...skipped.map(({ name, reason }) => `skipped  ${name}${reason === '' ? '' : ` (${reason})`}`),
    ...failed.map(({ name, file }) => `failed   ${name}${file === '' ? '' : ` (${file})`}`),
    `${passed} passed, ${failed.length} failed, ${skipped.length} skipped`,
  ]
}
