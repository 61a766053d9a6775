import assert from 'node:assert/strict'
import { until } from '@causeway/testing'
import { Installation, type RunningGateway } from './installation.ts'
import { assertBooksClosed } from './ledger.ts'
import { everywhere, onRealBackends } from './places.ts'
import { ERROR, json, PUSH, request, V2Client } from './v2-client.ts'

interface Batch {
  id: string
  state: string
  total: number
  done: number
  failed: number
  refused: number
  waiting: number
}

interface Letter {
  id: string
  text?: string
  reason: string
  errors: { attempt: number; worker: string; error: string; trace: string }[]
  replays: {
    n: number
    outcome: string
    pushed?: string
    by: string
    reason: string
    result?: { payload?: unknown; text?: string }
    errors: unknown[]
  }[]
}

/** A run replayed as a demo is slow: long enough to be met on its way. */
const SLOW_MS = 1_500
/** Of a session without its connection. */
const SESSION_TTL = '2s'
/** A killed runner loses its lock after 10 s, and is looked for every 5 s. */
const LOST_RUNNER_MS = 40_000

/** The operators' API, of which each call answers with this status. */
async function call<T>(gateway: RunningGateway, status: number, method: string, path: string, body?: object): Promise<T> {
  const authorization = `Basic ${Buffer.from('ann:').toString('base64')}`
  const response = await fetch(`${gateway.operators}api/${path}`, {
    method,
    headers: { authorization, ...(body && { 'content-type': 'application/json' }) },
    body: body && JSON.stringify(body),
  })
  const text = await response.text()
  assert.equal(response.status, status, `${method} ${path}: ${text}`)
  if (status >= 400) assert.match(response.headers.get('content-type') ?? '', /^application\/problem\+json/)
  return JSON.parse(text) as T
}

const replay = (gateway: RunningGateway, id: string, order: object): Promise<Batch> =>
  call(gateway, 202, 'POST', 'dead-letters/replay', { ids: [id], reason: 'the cause is mended', ...order })

async function ended(gateway: RunningGateway, { id }: Batch, timeoutMs?: number): Promise<Batch> {
  let batch: Batch | undefined
  await until(
    async () => {
      batch = await call<Batch>(gateway, 200, 'GET', `dead-letters/replays/${id}`)
      return batch.state === 'done'
    },
    { what: `replay ${id} being done`, timeoutMs },
  )
  return batch!
}

/** A client with one dead letter: its message 1. */
async function deadLettered(gateway: RunningGateway) {
  const { client, synAck } = await V2Client.open(gateway.port)
  client.send(request(1, 'demo.fail', 'poison'))
  const { type, seq, ...dead } = await client.answer(1)
  assert.deepEqual([type, seq, json({ type, seq, ...dead }).code], [ERROR, 1, 'DEAD_LETTERED'])
  const { letters } = await call<{ letters: { id: string; session: string }[] }>(gateway, 200, 'GET', `dead-letters?q=${synAck.session}`)
  assert.deepEqual(
    letters.map(({ session }) => session),
    [synAck.session],
  )
  return { client, id: letters[0].id }
}

const letterOf = (gateway: RunningGateway, id: string): Promise<Letter> => call(gateway, 200, 'GET', `dead-letters/${id}`)

everywhere('a dead letter is replayed', async (context, place) => {
  await using installation = await Installation.make(place, { CAUSEWAY_SESSION_TTL: SESSION_TTL })
  const gateway = await installation.start()
  const { client, id } = await deadLettered(gateway)
  using _ = client

  await context.test('from all that is known of it', async () => {
    const letter = await letterOf(gateway, id)
    assert.deepEqual([letter.text, letter.replays], ['poison', []])
    assert.match(letter.reason, /3 attempts/)
    assert.deepEqual(
      letter.errors.map(({ attempt }) => attempt),
      [1, 2, 3],
    )
    for (const { error, trace, worker } of letter.errors) {
      assert.match(error, /demo\.fail always fails/)
      assert.match(trace, /routes\.ts/)
      assert.match(worker, /^wk-/)
    }
  })

  await context.test('by another route: the result stays with it, and its client is told nothing', async () => {
    const batch = await ended(gateway, await replay(gateway, id, { edit: { route: 'echo' } }))
    assert.deepEqual([batch.total, batch.done], [1, 1])
    const [made] = (await letterOf(gateway, id)).replays
    assert.deepEqual([made.n, made.outcome, made.result?.text, made.by, made.pushed], [1, 'answered', 'poison', 'ann', undefined])
    client.send(request(2, 'echo', 'next'))
    assert.equal((await client.answer(2)).seq, 2, 'no delivery came between')
  })

  await context.test('with another payload, pushed to its session', async () => {
    await ended(gateway, await replay(gateway, id, { edit: { route: 'echo', payload: { mended: true } }, deliver: 'push' }))
    const push = await client.take(PUSH)
    assert.deepEqual([push.seq, push.msgId, json(push), push.metadata.get(3)?.toString()], [3, 0, { mended: true }, 'echo'])
    assert.equal((await letterOf(gateway, id)).replays[1].pushed, 'pushed')
  })

  await context.test('in vain: it stays one dead letter, with the errors of the replay', async () => {
    const batch = await ended(gateway, await replay(gateway, id, {}))
    assert.deepEqual([batch.done, batch.failed], [0, 1])
    const made = (await letterOf(gateway, id)).replays[2]
    assert.deepEqual([made.outcome, made.errors.length], ['failed', 3])
    const { letters } = await call<{ letters: { replays: number; lastReplay: string }[] }>(gateway, 200, 'GET', 'dead-letters')
    assert.deepEqual(
      letters.map(({ replays, lastReplay }) => [replays, lastReplay]),
      [[3, 'failed']],
    )
  })

  await context.test('once at a time', async () => {
    const slow = await replay(gateway, id, { edit: { route: 'demo.slow', payload: { ms: SLOW_MS } } })
    const again = { ids: [id], reason: 'twice' }
    const refusal = await call<{ code: string; detail: string }>(gateway, 409, 'POST', 'dead-letters/replay', again)
    assert.deepEqual([refusal.code, refusal.detail.includes(id)], ['CONFLICT', true])
    await call(gateway, 409, 'DELETE', 'dead-letters', again)
    await ended(gateway, slow)
  })

  await context.test('only as it can be: what is wrong is named', async () => {
    const wrong = async (field: string, order: object): Promise<void> => {
      const refusal = await call<{ field: string; detail: string }>(gateway, 400, 'POST', 'dead-letters/replay', order)
      assert.equal(refusal.field, field, refusal.detail)
    }
    await wrong('reason', { ids: [id] })
    await wrong('edit.route', { ids: [id], reason: 'x', edit: { route: 'nowhere' } })
    await wrong('deliver', { ids: [id], reason: 'x', deliver: 'mail' })
    await wrong('filter', { filter: {}, reason: 'x' })
    await call(gateway, 404, 'POST', 'dead-letters/replay', { ids: ['nobody-1-dead'], reason: 'x' })
  })

  await context.test('after its session ended: the result stays and says so', async () => {
    client.cut()
    const order = { edit: { route: 'echo' }, deliver: 'push' }
    let pushed: string | undefined
    await until(
      async () => {
        await ended(gateway, await replay(gateway, id, order))
        pushed = (await letterOf(gateway, id)).replays.at(-1)!.pushed
        return pushed === 'sessionGone'
      },
      { what: 'the push meeting no session', timeoutMs: 15_000 },
    )
    assert.equal((await letterOf(gateway, id)).replays.at(-1)!.result?.text, 'poison')
  })

  await context.test('and no book knows of it: two messages were accepted, both have ended', async () => {
    const books = await assertBooksClosed(gateway, 2)
    assert.deepEqual([books.deadLettered, books.answered], [1, 1])
  })

  await context.test('until it is discarded; who did what is kept', async () => {
    const gone = await call<{ discarded: string[] }>(gateway, 200, 'DELETE', 'dead-letters', { ids: [id], reason: 'settled by phone' })
    assert.deepEqual(gone.discarded, [id])
    await call(gateway, 404, 'GET', `dead-letters/${id}`)
    const { entries } = await call<{ entries: { action: string; by: string; reason: string }[] }>(gateway, 200, 'GET', 'audit')
    const [newest] = entries
    assert.deepEqual([newest.action, newest.by, newest.reason], ['discard', 'ann', 'settled by phone'])
    assert.ok(entries.length >= 6)
  })
})

everywhere('many dead letters are replayed by the command', async (context, place) => {
  await using installation = await Installation.make(place)
  const gateway = await installation.start()
  const dlq = async (status: number, ...args: string[]): Promise<string> => {
    const command = installation.run(['dlq', ...args, '--url', gateway.operators])
    const { code } = await command.ended
    assert.equal(code, status, command.stderr)
    return status === 0 ? command.stdout : command.stderr
  }
  const clients = await Promise.all([1, 2, 3].map(() => deadLettered(gateway)))
  for (const { client } of clients) client.cut()

  await context.test('which first says what it would do', async () => {
    assert.match(await dlq(0, 'replay', '--route', 'demo.fail', '--dry-run'), /^3 letters would be replayed/)
    assert.match(await dlq(0, 'list'), /^ID .*ERROR\n(.*demo\.fail always fails\n){3}$/)
    assert.match(await dlq(1, 'replay', '--route', 'demo.fail'), /--reason is missing/)
  })

  await context.test('at a rate, to the end', async () => {
    const from = Date.now()
    const order = ['--route', 'demo.fail', '--to-route', 'echo', '--per-second', '2', '--reason', 'mended', '--wait', '--json']
    const batch = JSON.parse(await dlq(0, 'replay', ...order)) as Batch
    assert.deepEqual([batch.state, batch.done], ['done', 3])
    assert.ok(Date.now() - from >= 1_000, 'three at two a second take a second')
    assert.match(await dlq(0, 'show', clients[0].id), /replay 1: answered.*poison/s)
  })

  await context.test('and discarded', async () => {
    assert.match(await dlq(0, 'discard', ...clients.map(({ id }) => id), '--reason', 'done'), /^discarded 3 of 3/)
    assert.equal(await dlq(0, 'list'), 'no dead letters\n')
  })
})

onRealBackends('a replay whose worker is killed runs again at another', async (_context, place) => {
  await using installation = await Installation.make(place)
  const gateway = await installation.gateway()
  const first = await installation.worker()
  const { client, id } = await deadLettered(gateway)
  using _ = client
  const batch = await replay(gateway, id, { edit: { route: 'demo.slow', payload: { ms: SLOW_MS } } })
  const running = async (): Promise<boolean> =>
    /causeway_worker_handlers_running\S* 1/.test(await (await fetch(`${first.health}/metrics`)).text())
  await until(running, { what: 'the replay running' })
  await first.process.kill()
  const second = await installation.worker()
  const { done } = await ended(gateway, batch, LOST_RUNNER_MS)
  assert.equal(done, 1)
  assert.deepEqual((await letterOf(gateway, id)).replays[0].result?.payload, { ms: SLOW_MS })
  assert.match(await (await fetch(`${second.health}/metrics`)).text(), /causeway_worker_replays_total\{[^}]*outcome="answered"[^}]*\} 1/)
  await assertBooksClosed(gateway, 1)
})

onRealBackends('an order to replay goes on without the gateway that took it', async (_context, place) => {
  await using installation = await Installation.make(place)
  const [first, second] = [await installation.gateway(), await installation.gateway()]
  await installation.worker()
  const clients = [await deadLettered(first), await deadLettered(first), await deadLettered(first)]
  const order = { ids: clients.map(({ id }) => id), reason: 'mended', edit: { route: 'echo' }, perSecond: 1 }
  const batch = await call<Batch>(first, 202, 'POST', 'dead-letters/replay', order)
  assert.equal(batch.waiting > 0, true)
  await first.process.kill()
  const { done } = await ended(second, batch, 15_000)
  assert.equal(done, 3)
  await assertBooksClosed(second, 3)
})
