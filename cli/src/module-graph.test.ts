import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ModuleGraph } from './module-graph.ts'

test('modules are loaded again with what they import by relative paths, and packages once', async context => {
  const folder = await mkdtemp(join(tmpdir(), 'causeway-graph-'))
  context.after(() => rm(folder, { recursive: true, force: true }))
  const write = (name: string, text: string) => writeFile(join(folder, name), text)
  await write('entry.ts', "import { deep } from './inner.ts'\nimport fs from 'node:fs'\nexport default { deep, fs }\n")
  await write('inner.ts', "export { deep } from './deeper.mjs'\n")
  await write('deeper.mjs', 'export const deep = 1\n')
  const graph = new ModuleGraph([join(folder, 'entry.ts')])
  context.after(() => graph.close())
  type Entry = { default: { deep: number; fs: unknown } }
  const [first] = await graph.load<Entry>()
  assert.equal(first.default.deep, 1)
  assert.deepEqual(graph.files.map(file => file.slice(folder.length + 1)).sort(), ['deeper.mjs', 'entry.ts', 'inner.ts'])
  await write('deeper.mjs', 'export const deep = 2\n')
  assert.equal((await graph.load<Entry>())[0], first)
  graph.renew()
  const [second] = await graph.load<Entry>()
  assert.deepEqual([second.default.deep, second.default.fs === first.default.fs], [2, true])
  await write('inner.ts', 'export { nothing } from\n')
  graph.renew()
  await assert.rejects(graph.load())
  await write('inner.ts', "export { deep } from './deeper.mjs'\n")
  graph.renew()
  assert.equal((await graph.load<Entry>())[0].default.deep, 2)
})
