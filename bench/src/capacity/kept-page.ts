import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { Findings, Study } from './study.ts'
import type { StudyPage } from './study-section.ts'

/** Where pages lie, each with a folder of its figures and charts. */
export const DOCS = new URL('../../../docs/', import.meta.url)

/** docs/NAME.md, written of what is kept in docs/NAME: a JSON file for each study. */
export class KeptPage {
  readonly #name: string
  readonly #studies: readonly Study[]
  readonly #page: (findings: readonly Findings[]) => StudyPage

  /** `studies` are all that the page knows, in its order. */
  constructor(name: string, studies: readonly Study[], page: (findings: readonly Findings[]) => StudyPage) {
    this.#name = name
    this.#studies = studies
    this.#page = page
  }

  /** What has been measured so far, in the order of the page. */
  read(docs = DOCS): Findings[] {
    return this.#studies
      .map(({ id }) => this.#fileOf(docs, `${id}.json`))
      .filter(file => existsSync(file))
      .map(file => JSON.parse(readFileSync(file, 'utf8')) as Findings)
  }

  /** Keeps these in place of what was found before, and writes the page of all. */
  keep(findings: Findings, docs = DOCS): void {
    mkdirSync(this.#fileOf(docs, ''), { recursive: true })
    writeFileSync(this.#fileOf(docs, `${findings.study}.json`), `${JSON.stringify(findings, null, 2)}\n`)
    this.write(docs)
  }

  /** The page of what is kept, without measuring. */
  write(docs = DOCS): void {
    const { markdown, charts } = this.#page(this.read(docs))
    for (const { id } of this.#studies) rmSync(this.#fileOf(docs, `${id}.svg`), { force: true })
    for (const { file, svg } of charts) writeFileSync(this.#fileOf(docs, file), svg)
    writeFileSync(new URL(`${this.#name}.md`, docs), markdown)
  }

  #fileOf(docs: URL, file: string): URL {
    return new URL(`${this.#name}/${file}`, docs)
  }
}
