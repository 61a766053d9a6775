import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { compileDialect } from '../dialect/compile.ts'
import type { DialectMessage } from '../dialect/dialect.ts'
import { DIALECTS } from '../dialect/dialects.ts'
import { readDialectTable } from '../dialect/read-table.ts'
import { fromHex, splits, toHex } from '../vectors.fixture.ts'
import { EXAMPLE_MAX_PAYLOAD, EXAMPLE_SERVER } from './examples.ts'
import { dialectIndex } from './index-page.ts'
import { dialectPage } from './page.ts'
import { vectorsOf } from './vectors.ts'
import { PAGES, referenceFiles, VECTORS } from './write.ts'

test('docs/dialects and the vectors are what the tables say: npm run docs writes them', () => {
  for (const [path, content] of referenceFiles(PAGES, VECTORS)) assert.equal(readFileSync(path, 'utf8'), content, path)
  assert.equal(readFileSync(join(PAGES, 'README.md'), 'utf8'), dialectIndex(Object.values(DIALECTS)))
  assert.deepEqual(readdirSync(PAGES).sort(), ['README.md', ...Object.keys(DIALECTS).map(name => `${name}.md`)].sort())
})

for (const dialect of Object.values(DIALECTS)) {
  test(`${dialect.name}: every vector is read the same however it is split`, () => {
    for (const vector of vectorsOf(dialect)) {
      for (const reads of splits(fromHex(vector.hex).subarray(0, 2_200))) {
        const decoder = dialect.decoder({ maxPayload: EXAMPLE_MAX_PAYLOAD, number: EXAMPLE_SERVER })
        decoder.push(fromHex(vector.opening ?? ''), [])
        const messages: DialectMessage[] = []
        let code: string | undefined
        for (const read of reads) code ??= decoder.push(read, messages)?.code
        assert.deepEqual(
          [messages.map(({ kind }) => kind), code],
          [vector.messages.map(({ kind }) => kind), vector.ends?.code],
          vector.meaning,
        )
        assert.deepEqual(
          messages.filter(({ kind }) => kind !== 'request').map(message => toHex(dialect.encodeReply(message))),
          vector.messages.flatMap(({ reply }) => reply ?? []),
        )
      }
    }
  })
}

test('a table of a user has its page and its vectors', () => {
  const table = readDialectTable('fixed', {
    headerSize: 3,
    fields: [
      { name: 'cmd', offset: 0, type: 'u8' },
      { name: 'id', offset: 1, type: 'u16', little: true },
    ],
    framing: { by: 'fixed', size: 12 },
    checksum: { algorithm: 'crc8' },
    operation: 'cmd',
    correlation: 'id',
  })
  const dialect = compileDialect(table)
  assert.match(dialectPage(dialect), /\| 1 \| id \| u16, little-endian \| the answer has the same \|/)
  assert.ok(vectorsOf(dialect).some(({ ends }) => ends?.code === 'BAD_CHECKSUM'))
})
