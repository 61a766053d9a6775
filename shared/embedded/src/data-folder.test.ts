import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { silentLogger } from '@causeway/telemetry'
import { until } from '@causeway/testing'
import { type DataFolder, openDataFolder } from './data-folder.ts'
import { MAX_WAITING_WRITES } from './group-commit.ts'

const HOLDER = join(import.meta.dirname, 'holder.fixture.ts')

let path: string
beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'causeway-folder-'))
})
afterEach(() => rm(path, { recursive: true, force: true }))

const openHere = () => openDataFolder(path, { logger: silentLogger })
const key = (name: string) => Buffer.from(name)

/** A process that holds the folder until it is killed. */
async function startHolder(limitBlocks?: number): Promise<ChildProcess> {
  const limit = limitBlocks ? `ulimit -f ${limitBlocks}; ` : ''
  const child = spawn('bash', ['-c', `${limit}exec "${process.execPath}" --conditions=source "${HOLDER}" "${path}"`], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  await once(child.stdout!, 'data')
  return child
}

describe('the data folder', () => {
  test('has what was committed when it is opened again', async () => {
    const folder = await openHere()
    const table = folder.table('things')
    await folder.commit(transaction => {
      transaction.put(table, key('a'), Buffer.from('1'))
      transaction.put(table, key('b'), Buffer.from('2'))
      transaction.put(table, key('c'), Buffer.from('3'))
    })
    await folder.commit(transaction => transaction.remove(table, key('b')))
    await folder.close()
    const again = await openHere()
    const values = [...again.table('things').entries()].map(entry => `${entry.key}=${entry.value}`)
    await again.close()
    assert.deepEqual(values, ['a=1', 'c=3'])
  })

  test('reads ranges and the last key in byte order', async () => {
    const folder = await openHere()
    const table = folder.table('things')
    await folder.commit(transaction => {
      for (const name of ['ab', 'b', 'aa', 'ac', 'c']) transaction.put(table, key(name), key(name))
    })
    assert.deepEqual(table.keys(key('a'), key('b'), 10).map(String), ['aa', 'ab', 'ac'])
    assert.deepEqual(
      [...table.range(key('ab'), key('z'), 2)].map(entry => `${entry.value}`),
      ['ab', 'ac'],
    )
    assert.equal(`${table.last(key('a'), key('az'))?.key}`, 'ac')
    assert.equal(table.last(key('d'), key('e')), undefined)
    await folder.close()
  })

  test('commits what one turn wrote together, in order, and what comes meanwhile after it', async () => {
    const folder = await openHere()
    const table = folder.table('things')
    const events: string[] = []
    const write = (name: string, meanwhile?: string) =>
      folder.write(
        transaction => {
          events.push(`apply ${name}`)
          transaction.put(table, key(name), key(name))
          if (meanwhile) write(meanwhile)
        },
        () => void events.push(`committed ${name}`),
      )
    write('a', 'c')
    write('b')
    await until(() => events.includes('committed c'))
    // the next group leaves before the writers of this one are told
    assert.deepEqual(events, ['apply a', 'apply b', 'apply c', 'committed a', 'committed b', 'committed c'])
    await folder.close()
  })

  test('closes after what waits is on disk, and takes nothing more', async () => {
    const folder = await openHere()
    const table = folder.table('things')
    const waiting = folder.commit(transaction => transaction.put(table, key('a'), key('a')))
    await folder.close()
    await waiting
    await assert.rejects(folder.commit(), /closed/)
  })
})

describe('a failed group', () => {
  const failed = async (folder: DataFolder) => {
    const table = folder.table('things')
    const together = folder.commit(transaction => transaction.put(table, key('a'), key('a')))
    const broken = folder.commit(() => {
      throw new Error('no such bucket')
    })
    const results = await Promise.allSettled([together, broken])
    assert.deepEqual(
      results.map(({ status }) => status),
      ['rejected', 'rejected'],
    )
    return table
  }

  test('fails whole, and every later write with its reason', async () => {
    const folder = await openHere()
    const table = await failed(folder)
    assert.ok(folder.failure)
    assert.equal(table.get(key('a')), undefined)
    await assert.rejects(folder.commit(), (error: Error) => error === folder.failure && (error.cause as Error).message === 'no such bucket')
    await folder.close()
  })

  test('leaves what was committed before', async () => {
    const folder = await openHere()
    await folder.commit(transaction => transaction.put(folder.table('things'), key('before'), key('x')))
    await failed(folder)
    await folder.close()
    const again = await openHere()
    assert.ok(again.table('things').get(key('before')))
    await again.close()
  })

  test('is what becomes of a writer that never yields', async () => {
    const folder = await openHere()
    const told: (Error | undefined)[] = []
    for (let count = 0; count <= MAX_WAITING_WRITES; count++)
      folder.write(
        () => {},
        failure => void told.push(failure),
      )
    await until(() => told.length === MAX_WAITING_WRITES + 1)
    assert.ok(told.every(failure => failure !== undefined && failure === folder.failure))
    await folder.close()
  })

  test('is what a full disk makes of it', { skip: process.platform === 'win32' ? 'needs ulimit' : false }, async () => {
    const holder = await startHolder(4_096)
    holder.stdin!.end('fill')
    const [text] = await once(holder.stdout!, 'data')
    await once(holder, 'exit')
    assert.match(`${text}`, /failed: a commit failed/)
    const again = await openHere()
    const stored = again.table('fill').keys(key('0'), key('~'), 1_000_000).length
    assert.equal(stored, Number(/after (\d+)/.exec(`${text}`)?.[1]), 'as many as were told committed')
    await again.close()
  })
})

describe('the lock', () => {
  test('keeps a second opener out and names folder and holder', async () => {
    const folder = await openHere()
    await assert.rejects(openHere(), (error: Error) => error.message.includes(path) && error.message.includes(`${process.pid}`))
    await folder.close()
    await (await openHere()).close()
  })

  test('holds between processes', async () => {
    const holder = await startHolder()
    await assert.rejects(openHere(), (error: Error) => error.message.includes(path) && error.message.includes(`${holder.pid}`))
    holder.kill('SIGTERM')
    await once(holder, 'exit')
  })

  test('ends with a process that was killed', async () => {
    const holder = await startHolder()
    holder.kill('SIGKILL')
    await once(holder, 'exit')
    await (await openHere()).close()
  })
})
