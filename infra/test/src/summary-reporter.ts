import { relative } from 'node:path'
import type { TestEvent } from 'node:test/reporters'
import { emptySummary } from './summary.ts'

type TestResult = Extract<TestEvent, { type: 'test:pass' | 'test:fail' }>['data']

/**
 * A node:test reporter that writes a TestSummary as JSON. It counts cases, not the suites around them, and not the files that node:test
 * reports as a test of their own; such a file counts only if it failed to run.
 */
export default async function* summaryReporter(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const summary = emptySummary()
  for await (const event of source) {
    if (event.type !== 'test:pass' && event.type !== 'test:fail') continue
    const { data } = event
    if (data.details.type === 'suite') continue
    const left = leftOut(data)
    if (left !== undefined) summary.skipped.push({ name: data.name, reason: left })
    else if (event.type === 'test:fail') summary.failed.push({ name: data.name, file: fileOf(data) })
    else if (!isFile(data)) summary.passed += 1
  }
  yield `${JSON.stringify(summary, null, 2)}\n`
}

/** Why a test did not count: its skip's or todo's reason, perhaps empty; undefined if it counts. */
function leftOut({ skip, todo }: TestResult): string | undefined {
  const mark = skip ?? todo
  if (mark === undefined || mark === false) return undefined
  return mark === true ? '' : mark
}

function fileOf({ file }: TestResult): string {
  return file === undefined ? '' : relative(process.cwd(), file)
}

function isFile({ name, file, nesting }: TestResult): boolean {
  return nesting === 0 && file !== undefined && (name === file || name === relative(process.cwd(), file))
}
