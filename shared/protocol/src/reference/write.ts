/**
 * Writes docs/dialects and the vectors of every dialect; a test holds them against this.
 * `--tables FILE --out DIR` writes those of the tables in a JSON file instead.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { DIALECTS } from '../dialect/dialects.ts'
import { dialectIndex } from './index-page.ts'
import { dialectPage } from './page.ts'
import { readTables } from './tables.ts'
import { vectorsOf } from './vectors.ts'

/** Files by path: pages under `pages`, vectors under `vectors`. */
export function referenceFiles(pages: string, vectors: string, dialects = Object.values(DIALECTS)): Map<string, string> {
  const files = new Map<string, string>()
  for (const dialect of dialects) {
    files.set(join(pages, `${dialect.name}.md`), dialectPage(dialect))
    files.set(join(vectors, `${dialect.name}.json`), `${JSON.stringify(vectorsOf(dialect), null, 2)}\n`)
  }
  return files
}

/** Where the repository keeps them. */
export const PAGES = fileURLToPath(new URL('../../../../docs/dialects', import.meta.url))
export const VECTORS = fileURLToPath(new URL('../../vectors', import.meta.url))

if (import.meta.main) {
  const { values } = parseArgs({ options: { tables: { type: 'string' }, out: { type: 'string', default: '.' } } })
  if (values.tables === undefined) {
    mkdirSync(PAGES, { recursive: true })
    writeAll(referenceFiles(PAGES, VECTORS).set(join(PAGES, 'README.md'), dialectIndex(Object.values(DIALECTS))))
  } else writeAll(referenceFiles(values.out, values.out, readTables(readFileSync(values.tables, 'utf8'))))
}

function writeAll(files: ReadonlyMap<string, string>): void {
  for (const [path, content] of files) writeFileSync(path, content)
}
