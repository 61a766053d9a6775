import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { openDataFolder } from '@causeway/embedded'
import { silentLogger } from '@causeway/telemetry'
import { resultsConformance } from './results.conformance.ts'
import { openEmbeddedResults } from './results-embedded.ts'

async function folderOf(context: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'causeway-results-'))
  context.after(() => rm(path, { recursive: true, force: true }))
  return path
}

async function openAt(path: string, now?: () => number) {
  const folder = await openDataFolder(path, { logger: silentLogger })
  const results = await openEmbeddedResults(folder, now)
  const close = async (): Promise<void> => {
    await results.close()
    await folder.close()
  }
  return { results, close }
}

resultsConformance({
  name: 'embedded',
  async open(context) {
    const { results, close } = await openAt(await folderOf(context))
    context.after(close)
    return results
  },
})

test('claims and results are there when the folder is opened again, those whose time is over are not', async context => {
  const path = await folderOf(context)
  let now = 1_000_000
  const first = await openAt(path, () => now)
  await first.results.claim('made', 'owner', 1_000)
  await first.results.keep('made', 'owner', Buffer.from('it'), 60_000)
  await first.results.claim('being made', 'owner', 60_000)
  await first.results.claim('over', 'owner', 500)
  await first.close()
  now += 1_000
  const again = await openAt(path, () => now)
  context.after(again.close)
  const made = await again.results.claim('made', 'other', 1_000)
  assert.equal(made.kind === 'kept' && Buffer.from(made.value).toString(), 'it')
  assert.equal((await again.results.claim('being made', 'other', 1_000)).kind, 'taken')
  assert.equal((await again.results.claim('over', 'other', 1_000)).kind, 'claimed')
})
