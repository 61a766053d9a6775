import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const file = fileURLToPath(new URL('../../bootstrap.mjs', import.meta.url))
const { isInstalled, lock } = (await import(file)) as { isInstalled(folder: string): boolean; lock(path: string): Promise<() => void> }

function folderOf(context: TestContext, demanded: object, installed?: object): string {
  const folder = mkdtempSync(join(tmpdir(), 'causeway-bootstrap-'))
  context.after(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify({ packages: { '': { name: 'root' }, ...demanded } }))
  mkdirSync(join(folder, 'node_modules'))
  if (installed) writeFileSync(join(folder, 'node_modules', '.package-lock.json'), JSON.stringify({ packages: installed }))
  return folder
}

test('a fresh clone, a missing package and another version are not installed', context => {
  const demanded = { 'node_modules/a': { version: '1.0.0' } }
  assert.equal(isInstalled(folderOf(context, demanded)), false)
  assert.equal(isInstalled(folderOf(context, demanded, {})), false)
  assert.equal(isInstalled(folderOf(context, demanded, { 'node_modules/a': { version: '1.0.1' } })), false)
  assert.equal(isInstalled(folderOf(context, demanded, { 'node_modules/a': { version: '1.0.0' } })), true)
})

test('a package for another platform may be absent', context => {
  assert.equal(isInstalled(folderOf(context, { 'node_modules/a': { version: '1.0.0', optional: true } }, {})), true)
})

test('the lock is taken by one run at a time', async context => {
  const path = join(folderOf(context, {}), 'locks', 'install.lock')
  const release = await lock(path)
  let taken = false
  const second = lock(path).then(releaseSecond => {
    taken = true
    return releaseSecond
  })
  await new Promise(resolve => setImmediate(resolve))
  assert.equal(taken, false)
  release()
  const releaseSecond = await second
  assert.equal(existsSync(path), true)
  releaseSecond()
  assert.equal(existsSync(path), false)
})

test('a lock whose owner died is taken over', async context => {
  const path = join(folderOf(context, {}), 'install.lock')
  const owner = spawn(process.execPath, ['-e', ''])
  await once(owner, 'exit')
  mkdirSync(path)
  writeFileSync(join(path, 'pid'), String(owner.pid))
  const release = await lock(path)
  release()
})

test('an unknown command is refused with the known ones', () => {
  const { status, stderr } = spawnSync(process.execPath, [file, 'dance'], { encoding: 'utf8' })
  assert.equal(status, 1)
  assert.match(stderr, /one of start, test, backends; got dance/)
})
