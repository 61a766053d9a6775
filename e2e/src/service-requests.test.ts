import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { connect } from '@causeway/client'
import { until } from '@causeway/testing'
import { Installation, type RunningGateway } from './installation.ts'
import { ledgerOf } from './ledger.ts'
import { everywhere, onRealBackends } from './places.ts'
import { json, RESPONSE, request, V2Client } from './v2-client.ts'

const SERVICES = fileURLToPath(new URL('./requests.fixture.ts', import.meta.url))
const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

interface Seen {
  own: string
  back: { input: unknown; session: string; principal: string; key: string; trace?: string; deadline: number }
}

const notesOf = (file: string): Record<string, string>[] =>
  existsSync(file)
    ? readFileSync(file, 'utf8')
        .trim()
        .split('\n')
        .map(line => JSON.parse(line) as Record<string, string>)
    : []

async function booksBalance(gateway: RunningGateway): Promise<void> {
  const settled = async () => {
    const { inFlight, balanced } = await ledgerOf(gateway)
    return inFlight === 0 && balanced
  }
  await until(settled, { what: 'the books to balance', timeoutMs: 15_000 })
}

everywhere('requests of handlers to another service', async (context, place) => {
  await using installation = await Installation.make(place)
  const gateway = await installation.start({}, SERVICES)
  await using client = await connect(gateway.tcp)
  const code = async (route: string, timeout?: number) =>
    await client.request<{ code: string; detail: string }>('front.code', { route, timeout })

  await context.test('carry the payload, the deadline, the trace and a key of their own; the answer comes back', async () => {
    using raw = (await V2Client.open(gateway.port)).client
    const before = Date.now()
    raw.send(request(1, 'front.look', { tea: 1 }, { metadata: { 2: 5_000, 1: TRACEPARENT } }))
    const { own, back } = json(await raw.take(RESPONSE, 1)) as unknown as Seen
    assert.deepEqual(back.input, { tea: 1 })
    assert.equal(back.trace, TRACEPARENT)
    assert.equal(back.key, `front-${installation.service.slice('demo-'.length)}/${own}/1/r1`)
    assert.notEqual(back.session, own)
    assert.ok(back.deadline > before && back.deadline <= Date.now() + 5_000, `${back.deadline - before} ms`)
  })

  await context.test('run side by side, in JSON and MessagePack', async () => {
    const numbers = Array.from({ length: 200 }, (_, n) => n)
    assert.deepEqual(
      await client.request('front.all', numbers),
      numbers.map(n => n * 2),
    )
  })

  await context.test('a repeated attempt gives the same key', async () => {
    const key = await client.request<string>('front.twice')
    assert.match(key, new RegExp(`/${client.session}/\\d+/r1$`))
  })

  await context.test('fail with the code that a client would get', async () => {
    assert.equal((await code('nowhere.at-all')).code, 'NO_ROUTE')
    const dead = await code('back.reject')
    assert.equal(dead.code, 'DEAD_LETTERED')
    assert.match(dead.detail, /no way/)
  })

  await context.test('TIMEOUT by its own time, and one that answers with a stream, say so', async () => {
    assert.equal((await code('back.wait', 1)).code, 'TIMEOUT')
    assert.match((await code('back.wait', 300)).detail, /whether it had an effect is not known/)
    assert.match(((await code('back.count')) as unknown as { error: string }).error, /answers with a stream/)
  })

  await context.test('who is cancelled cancels whom it asks', async () => {
    await assert.rejects(client.request('front.wait', { ms: 20_000 }, { timeout: 1_000 }), { code: 'TIMEOUT' })
    const stopped = () => notesOf(installation.journal).some(note => note.stopped !== undefined && /cancelled|time-out/.test(note.why))
    await until(stopped, { what: 'the asked handler to be told', timeoutMs: 5_000 })
  })

  await context.test('the ledger balances: a request is a message like any other', async () => booksBalance(gateway))
})

onRealBackends('requests between services outlive their workers', async (context, place) => {
  await using installation = await Installation.make(place)
  const gateway = await installation.gateway()
  const part = (name: string) => installation.worker({ CAUSEWAY_TEST_PART: name }, SERVICES)
  let [front, back] = await Promise.all([part('front'), part('back')])
  await using client = await connect(gateway.tcp)
  const begun = () => notesOf(installation.journal).filter(note => note.begun !== undefined)
  const waiting = async (ms: number) => {
    const before = begun().length
    const answer = client.request<{ waited: number }>('front.wait', { ms }, { timeout: 40_000 })
    await until(() => begun().length > before, { what: 'the asked handler to begin', timeoutMs: 15_000 })
    return answer
  }

  await context.test('kill -9 of who is asked: another handles it, and who asks gets the answer', async () => {
    const answer = waiting(1_500)
    await until(() => begun().length === 1, { timeoutMs: 15_000 })
    await back.process.kill()
    back = await part('back')
    assert.deepEqual(await answer, { waited: 1_500 })
    assert.equal(begun().length, 2)
  })

  await context.test('kill -9 of who asks: it is handled again, and asks again under the same key', async () => {
    const from = begun().length
    const answer = waiting(1_500)
    await until(() => begun().length === from + 1, { timeoutMs: 15_000 })
    await front.process.kill()
    front = await part('front')
    assert.deepEqual(await answer, { waited: 1_500 })
    const keys = begun()
      .slice(from)
      .map(note => note.begun)
    assert.equal(keys.length, 2)
    assert.equal(keys[0], keys[1])
  })

  await context.test('workers that have asked end in good order, and the ledger balances', async () => {
    await booksBalance(gateway)
    assert.equal((await front.process.stop()).code, 0)
    assert.equal((await back.process.stop()).code, 0)
  })
})
