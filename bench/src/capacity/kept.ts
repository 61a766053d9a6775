import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { CAPACITY_FOLDER, capacityPage, STUDIES } from './capacity-page.ts'
import type { Findings } from './study.ts'

/** Where docs/capacity.md lies, with the folder of its figures and charts. */
export const DOCS = new URL('../../../docs/', import.meta.url)

const fileOf = (docs: URL, name: string): URL => new URL(`${CAPACITY_FOLDER}/${name}`, docs)

/** What has been measured so far, in the order of the page. */
export const readFindings = (docs = DOCS): Findings[] =>
  STUDIES.map(({ id }) => fileOf(docs, `${id}.json`))
    .filter(file => existsSync(file))
    .map(file => JSON.parse(readFileSync(file, 'utf8')) as Findings)

/** Keeps these in place of what was found before, and writes the page of all. */
export function keepFindings(findings: Findings, docs = DOCS): void {
  mkdirSync(fileOf(docs, ''), { recursive: true })
  writeFileSync(fileOf(docs, `${findings.study}.json`), `${JSON.stringify(findings, null, 2)}\n`)
  writePage(docs)
}

/** The page of what is kept, without measuring. */
export function writePage(docs = DOCS): void {
  const { markdown, charts } = capacityPage(readFindings(docs))
  for (const { id } of STUDIES) rmSync(fileOf(docs, `${id}.svg`), { force: true })
  for (const { file, svg } of charts) writeFileSync(fileOf(docs, file), svg)
  writeFileSync(new URL('capacity.md', docs), markdown)
}
