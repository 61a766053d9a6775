// `compose-check.ts [SECONDS]`: a client of the compose file's ports, one session over TCP and one over WebSocket. Each sends echo requests one
// after the other for that long (default 0: a single one) and ends with an error unless every one was answered with its own payload.
import assert from 'node:assert/strict'
import { connect } from '@causeway/client'

const URLS = ['tcp://127.0.0.1:7400', 'ws://127.0.0.1:7401/ws']

/** How long one request may take, in milliseconds: a killed worker's partitions move to another within seconds. */
const REQUEST_TIMEOUT_MS = 30_000

const seconds = Number(process.argv[2] ?? 0)
assert.ok(seconds >= 0, `expected a number of seconds, got ${process.argv[2]}`)
const counts = await Promise.all(URLS.map(url => exchange(url, Date.now() + seconds * 1000)))
for (const [index, count] of counts.entries()) console.log(`${URLS[index]}: ${count} requests answered`)

async function exchange(url: string, until: number): Promise<number> {
  await using client = await connect(url)
  let count = 0
  do {
    const sent = new TextEncoder().encode(`${count} over ${url}`)
    assert.deepEqual(await client.request('echo', sent, { timeout: REQUEST_TIMEOUT_MS }), sent)
    count += 1
  } while (Date.now() < until)
  return count
}
