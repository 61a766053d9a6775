import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openDataFolder } from '@causeway/embedded'
import { silentLogger } from '@causeway/telemetry'
import { registryConformance } from './registry.conformance.ts'
import type { WorkerProcess } from './registry.ts'
import { openEmbeddedRegistry } from './registry-embedded.ts'

async function openFresh() {
  const path = await mkdtemp(join(tmpdir(), 'causeway-registry-'))
  const folder = await openDataFolder(path, { logger: silentLogger })
  const registry = await openEmbeddedRegistry(folder)
  return {
    path,
    registry,
    another: async () => registry,
    async close() {
      await registry.close()
      await folder.close()
      await rm(path, { recursive: true })
    },
  }
}

registryConformance('embedded', openFresh, { kills: 'all processes of the registry are one, and die together' })

test('the embedded registry remembers routes when the folder is opened again', async () => {
  const path = await mkdtemp(join(tmpdir(), 'causeway-registry-'))
  const worker: WorkerProcess = {
    kind: 'worker',
    id: 'w',
    host: 'h',
    startedAt: 0,
    stats: {},
    service: 'demo',
    version: '1',
    routes: [{ name: 'echo', opcode: 1, oneWay: false, timeoutMs: 1_000, order: 'session', priority: 'normal' }],
  }
  const folder = await openDataFolder(path, { logger: silentLogger })
  await (await openEmbeddedRegistry(folder)).announce(worker)
  await folder.close()
  const again = await openDataFolder(path, { logger: silentLogger })
  const watching = await (await openEmbeddedRegistry(again)).watch(() => {})
  assert.equal(watching.picture.routes.get('echo')?.service, 'demo')
  assert.deepEqual(watching.picture.workers, [])
  await again.close()
  await rm(path, { recursive: true })
})
