import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { connect } from '@causeway/client'
import { Installation } from './installation.ts'
import { JsonClient } from './json-client.ts'
import { everywhere, onRealBackends } from './places.ts'

const POLICIES = fileURLToPath(new URL('./policies.fixture.ts', import.meta.url))

/** How often each line stands in the journal. */
async function linesOf({ journal }: Installation): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const line of (await readFile(journal, 'utf8')).trim().split('\n')) counts[line] = (counts[line] ?? 0) + 1
  return counts
}

everywhere('policies of routes', async (context, place) => {
  await using installation = await Installation.make(place)
  const gateway = await installation.start({}, POLICIES)
  await using client = await connect(gateway.tcp)

  await context.test("a fallback's answer says that it is one, over TCP and WebSocket", async () => {
    await assert.rejects(client.request('guess'), { code: 'DEAD_LETTERED' })
    const told: string[] = []
    assert.deepEqual(await client.request('guess', undefined, { onAnsweredBy: who => told.push(who) }), { guessed: true })
    assert.deepEqual(await client.request('price', 'salt', { onAnsweredBy: who => told.push(who) }).then(() => told), ['fallback'])
    const { client: json } = await JsonClient.open(gateway.websocket)
    json.send({ type: 'request', id: 1, op: 'guess' })
    const answer = await json.take('response')
    assert.deepEqual([answer.answeredBy, answer.payload], ['fallback', { guessed: true }])
    json.socket.close()
  })

  await context.test('a route with two places has two messages in its handler, whatever comes', async () => {
    const clients = await Promise.all(Array.from({ length: 4 }, () => connect(gateway.tcp)))
    await Promise.all(clients.flatMap(each => Array.from({ length: 5 }, () => each.request('narrow'))))
    await Promise.all(clients.map(each => each.close()))
    let [inside, most, through] = [0, 0, 0]
    for (const line of (await readFile(installation.journal, 'utf8')).split('\n')) {
      if (line === 'in') most = Math.max(most, ++inside)
      if (line === 'out') [inside, through] = [inside - 1, through + 1]
    }
    assert.deepEqual([most, through], [2, 20])
  })

  await context.test('order by key: what fails holds back its own key, in order, and no other of its session', async () => {
    const ended: string[] = []
    const moves = [1, 2, 3, 4, 5].flatMap(n => ['locked', 'open'].map(account => ({ account, n })))
    const requests = moves.map(move => client.request('move', move).then(() => ended.push(`${move.account} ${move.n}`)))
    await Promise.all(requests)
    for (const account of ['locked', 'open']) {
      const inOrder = [1, 2, 3, 4, 5].map(n => `${account} ${n}`)
      assert.deepEqual(
        ended.filter(each => each.startsWith(account)),
        inOrder,
      )
      const journal = (await readFile(installation.journal, 'utf8')).split('\n').filter(line => line.startsWith(`moved ${account}`))
      assert.deepEqual(
        journal,
        inOrder.map(each => `moved ${each}`),
      )
    }
    assert.deepEqual(
      ended.slice(0, 5),
      [1, 2, 3, 4, 5].map(n => `open ${n}`),
    )
  })

  await context.test('what failed after its effect has the same result at the next attempt', async () => {
    const msgIds = await Promise.all([client.request('buy', 'fail twice'), client.request('buy', 'fail twice')])
    const lines = await linesOf(installation)
    for (const receipt of msgIds) assert.equal(lines[String(receipt).replace('receipt', 'charged')], 1)
  })
})

onRealBackends('effects and shared answers of several workers (Kafka and Redis)', async (context, place) => {
  await using installation = await Installation.make(place)
  const [gateway] = await Promise.all([installation.gateway(), installation.worker({}, POLICIES), installation.worker({}, POLICIES)])
  const clients = await Promise.all(Array.from({ length: 8 }, () => connect(gateway.tcp)))
  context.after(() => Promise.all(clients.map(client => client.close())))

  await context.test('one worker asks, all answer the same', async () => {
    const answers = await Promise.all(clients.map(client => client.request('price', 'tea')))
    assert.equal(new Set(answers.map(answer => JSON.stringify(answer))).size, 1)
    assert.equal((await linesOf(installation))['asked tea'], 1)
  })

  await context.test('kill -9 behind the effect: the next worker has its result, and it took place once', async () => {
    const receipt = await clients[0].request<string>('buy', 'die after', { timeout: 60_000 })
    const lines = await linesOf(installation)
    assert.deepEqual([lines.died, lines[receipt.replace('receipt', 'charged')]], [1, 1])
  })

  await context.test('kill -9 within the effect: the next worker is told that nobody knows, and does not run it', async () => {
    await installation.worker({}, POLICIES)
    assert.equal(await clients[1].request('buy', 'die within', { timeout: 60_000 }), 'to be looked at')
  })
})
