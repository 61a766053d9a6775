import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { Service, Worker } from '@causeway/consumers'
import { type Logger, silentLogger } from '@causeway/telemetry'
import { Reloading } from './reloading.ts'

const module = (version: number): string =>
  `import { message, service } from '@causeway/consumers'\nexport default service('orders', [message('place').handle(() => 1)], { version: '${version}' })\n`

async function until(condition: () => boolean, timeoutMs = 10_000): Promise<void> {
  const end = performance.now() + timeoutMs
  while (!condition()) {
    if (performance.now() > end) throw new Error(`in vain for ${timeoutMs} ms: ${condition}`)
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}

/** A module that is watched, the versions that its worker has been given, and the errors that were told. */
async function watched(context: TestContext, loadMs?: number) {
  // beside this file, so that packages are found
  const folder = await mkdtemp(join(import.meta.dirname, '..', '.reloading-'))
  context.after(() => rm(folder, { recursive: true, force: true }))
  const file = join(folder, 'orders.ts')
  const write = (text: string): Promise<void> => writeFile(file, text)
  const beside = (name: string, text: string): Promise<void> => writeFile(join(folder, name), text)
  await write(module(1))
  const errors: string[] = []
  const logger = Object.assign(Object.create(silentLogger) as Logger, { error: ({ error }: { error: string }) => errors.push(error) })
  const reloading = new Reloading([file], logger, loadMs)
  const [service] = await reloading.load()
  const versions: string[] = []
  const worker = { service, reload: async ({ version }: Service) => void versions.push(version) }
  await reloading.begin([worker as unknown as Worker])
  context.after(() => reloading.stop())
  return { write, beside, versions, errors }
}

test('a module that throws nothing at all while it loads is told, and the next version is served', async context => {
  const { write, versions, errors } = await watched(context)
  await write('throw null\n')
  await until(() => errors.length > 0)
  assert.deepEqual(errors, ['null'])
  await write(module(2))
  await until(() => versions.includes('2'))
})

test('a module that never ends loading holds up nothing that is written after it', async context => {
  const { write, versions, errors } = await watched(context, 200)
  await write('await new Promise(() => undefined)\n')
  await until(() => errors.length > 0)
  assert.match(errors[0], /not loaded within 200 ms/)
  await write(module(2))
  await until(() => versions.includes('2'))
})

test('a file that a module imports may come after it', { timeout: 20_000 }, async context => {
  const { write, versions, errors, beside } = await watched(context)
  await write(`import './stock.ts'\n${module(2)}`)
  await until(() => errors.length > 0)
  // whether it is watched for by now, nobody says
  while (versions.length === 0) {
    await beside('stock.ts', 'export const left = 3\n')
    await until(() => versions.length > 0, 500).catch(() => undefined)
  }
  assert.equal(versions[0], '2')
})

test('a syntax error is told with its file and line', async context => {
  const { write, errors } = await watched(context)
  await write('export const one = 1\nexport const two = (\n')
  await until(() => errors.length > 0)
  assert.match(errors[0], /orders\.ts:2/)
})
