import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { asyncApi, message, service } from '@causeway/consumers'
import demo from '@causeway/demo'
import { Ajv } from 'ajv'
import { clientTypes } from './client-types.ts'

/** As AsyncAPI publishes it; JSON Schema draft 7. */
const asyncApiSchema = JSON.parse(
  readFileSync(createRequire(import.meta.url).resolve('@asyncapi/specs/schemas/3.0.0-without-$id.json'), 'utf8'),
) as object

test('the document of the demo is AsyncAPI 3.0', () => {
  const ajv = new Ajv({ strict: false, validateFormats: false })
  const valid = ajv.compile(asyncApiSchema)
  assert.ok(valid(asyncApi([demo], { servers: { here: 'tcp://127.0.0.1:7400' } })), JSON.stringify(valid.errors, undefined, 2))
  assert.equal(valid({ asyncapi: '3.0.0', info: {} }), false)
})

describe('the types of a client', () => {
  test('take what a route takes, and nothing else', async context => {
    const types = await clientTypes(asyncApi([demo]))
    const use = (code: string): Promise<string> => complaints(context, `${types}\n${code}`)
    assert.equal(await use("export const input: Routes['demo.slow']['input'] = { ms: 1 }"), '')
    assert.match(
      await use("export const input: Routes['demo.slow']['input'] = { ms: 'long' }"),
      /Type 'string' is not assignable to type 'number'/,
    )
    assert.match(await use("export type Wrong = Routes['demo.quick']"), /'demo.quick' does not exist/)
  })

  test('name a schema that refers to itself', async context => {
    const tree = {
      type: 'object',
      properties: { children: { type: 'array', items: { $ref: '#' } } },
      required: ['children'],
      additionalProperties: false,
    }
    const schema = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: (value: unknown) => ({ value }),
        jsonSchema: { input: () => tree, output: () => tree },
      },
    } as const
    const types = await clientTypes(asyncApi([service('s', [message('tree', { input: schema }).handle(() => undefined)])]))
    const use = (input: string): Promise<string> => complaints(context, `${types}\nexport const input: Routes['tree']['input'] = ${input}`)
    assert.equal(await use('{ children: [{ children: [] }] }'), '')
    assert.match(await use('{ children: [{ children: [1] }] }'), /not assignable/)
  })
})

const COMPILER = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc')

/** What the compiler says of a file; '' where it has nothing against it. */
async function complaints(context: TestContext, source: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'causeway-types-'))
  context.after(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'given.ts'), source)
  const { stdout } = spawnSync(process.execPath, [COMPILER, '--strict', '--noEmit', '--types', '', 'given.ts'], {
    cwd: folder,
    encoding: 'utf8',
  })
  return stdout
}
