import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { startNode } from '../node-part.ts'
import { Database } from './database.ts'
import { DATABASE_MS } from './limits.ts'

const SERVER = new URL('./database-server.ts', import.meta.url)
const QUERIES = 1_000

describe('the stand-in for a database', () => {
  test('answers each of many queries, none before its time', async () => {
    await using parts = new AsyncDisposableStack()
    const { port } = await startNode(parts, 'database', SERVER)
    const databases = [new Database(port), new Database(port)]
    for (const database of databases) parts.use(database)
    const times = await Promise.all(
      Array.from({ length: QUERIES }, async (_, index) => {
        const from = performance.now()
        await databases[index % databases.length].query()
        return performance.now() - from
      }),
    )
    assert.equal(times.length, QUERIES)
    assert.ok(Math.min(...times) >= DATABASE_MS, String(Math.min(...times)))
  })

  test('fails what was asked on a connection that has ended, and what is asked after that', async () => {
    await using parts = new AsyncDisposableStack()
    const { port } = await startNode(parts, 'database', SERVER)
    const database = parts.use(new Database(port))
    await database.query()
    const asked = assert.rejects(Promise.all(Array.from({ length: 10 }, () => database.query())), /connection to the database has ended/)
    database[Symbol.dispose]()
    await asked
    await assert.rejects(database.query(), /connection to the database has ended/)
  })
})
