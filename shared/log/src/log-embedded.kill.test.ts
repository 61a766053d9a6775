import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openDataFolder } from '@causeway/embedded'
import { silentLogger } from '@causeway/telemetry'
import { openEmbeddedLog } from './log-embedded.ts'

const ROUNDS = 6
const TOPIC = 'causeway.kill.requests'
const APPENDING = join(import.meta.dirname, 'appending.fixture.ts')

/** Numbers below `below`, the same for the same seed (a linear congruential generator). */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed
  return below => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state % below
  }
}

/** Lets a process append for a while, kills it, and gives the last number it had called stored. */
async function appendUntilKilled(path: string, forMs: number): Promise<number> {
  const child = spawn(process.execPath, ['--conditions=source', APPENDING, path], { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  child.stdout.on('data', text => {
    said += text
  })
  await once(child.stdout, 'data')
  await sleep(forMs)
  child.kill('SIGKILL')
  await once(child, 'close')
  return Number(said.slice(0, said.lastIndexOf('\n')).split('\n').at(-1))
}

async function storedNumbers(path: string): Promise<number[]> {
  const folder = await openDataFolder(path, { logger: silentLogger })
  const log = await openEmbeddedLog(folder)
  const records = await log.read(TOPIC, 0, 0, Number.MAX_SAFE_INTEGER)
  await folder.close()
  return records.map(({ value }) => Number(Buffer.from(value)))
}

test('the embedded log has every record it called stored, however its process was killed', async context => {
  const seed = Number(process.env.CAUSEWAY_TEST_SEED ?? Date.now() % 1_000_000)
  context.diagnostic(`CAUSEWAY_TEST_SEED=${seed}`)
  const below = randomNumbers(seed)
  const path = await mkdtemp(join(tmpdir(), 'causeway-kill-'))
  for (let round = 0; round < ROUNDS; round++) {
    const lastStored = await appendUntilKilled(path, below(80))
    const numbers = await storedNumbers(path)
    assert.ok(numbers.length > lastStored, `round ${round}: ${numbers.length} records, but ${lastStored} was called stored`)
    assert.ok(
      numbers.every((number, place) => number === place),
      `round ${round}: a gap or a repeat`,
    )
  }
  assert.ok((await storedNumbers(path)).length > 0)
  await rm(path, { recursive: true })
})
