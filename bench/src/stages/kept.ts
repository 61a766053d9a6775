import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { type KeptStages, STAGES_FOLDER } from './found.ts'
import { stagesPage } from './stages-page.ts'

/** Where docs/stages.md lies. */
const DOCS = new URL('../../../docs/', import.meta.url)
/** That are kept of a figure. */
const DIGITS = 6

const fileOf = (docs: URL, name: string): URL => new URL(`${STAGES_FOLDER}/${name}`, docs)

/** More digits than a measurement has tell nothing. */
const rounded = (_: string, value: unknown): unknown => (typeof value === 'number' ? Number(value.toPrecision(DIGITS)) : value)

/** What has been measured so far. */
export function readStages(docs = DOCS): KeptStages {
  const read = <T>(name: string): T | undefined => {
    const file = fileOf(docs, `${name}.json`)
    return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as T) : undefined
  }
  return { account: read('account'), flames: read('flames') }
}

/** Keeps these in place of what was found before, with the flame graphs by their files, and writes the page of all. */
export function keepStages(found: KeptStages, graphs: Readonly<Record<string, string>>, docs = DOCS): void {
  mkdirSync(fileOf(docs, ''), { recursive: true })
  for (const [name, kept] of Object.entries(found))
    if (kept !== undefined) writeFileSync(fileOf(docs, `${name}.json`), `${JSON.stringify(kept, rounded, 2)}\n`)
  for (const [file, svg] of Object.entries(graphs)) writeFileSync(fileOf(docs, file), svg)
  const { markdown, charts } = stagesPage(readStages(docs))
  for (const { file, svg } of charts) writeFileSync(fileOf(docs, file), svg)
  writeFileSync(new URL('stages.md', docs), markdown)
}
