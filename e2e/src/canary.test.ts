import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { connect } from '@causeway/client'
import { until } from '@causeway/testing'
import { Installation, type RunningGateway } from './installation.ts'
import { ledgerOf } from './ledger.ts'
import { everywhere, onRealBackends, type Place } from './places.ts'
import { ACK, json, RESPONSE, request, V2Client } from './v2-client.ts'

const SERVICES = fileURLToPath(new URL('./canary.fixture.ts', import.meta.url))
const SESSIONS = 1_000

interface Track {
  name: string
  versions: Record<string, number>
  share: number
}

/** The shop's tracks as a gateway tells them. */
async function tracksOf(gateway: RunningGateway): Promise<Track[]> {
  const { services } = (await (await fetch(`${gateway.http}/v1/services`)).json()) as { services: { name: string; tracks?: Track[] }[] }
  return services.find(({ name }) => name.startsWith('shop-'))?.tracks ?? []
}

/** Gives the canary a share, in percent; resolves when each gateway goes by it. */
async function weigh(installation: Installation, gateways: readonly RunningGateway[], canary: number): Promise<void> {
  const service = `shop-${installation.service.slice('demo-'.length)}`
  const patch = { services: { [service]: { tracks: { stable: 100 - canary, canary } } } }
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(`${gateways[0].operators}api/config`, {
    method: 'PUT',
    headers,
    body: JSON.stringify({ patch, reason: 'canary' }),
  })
  assert.equal(answer.status, 200, await answer.text())
  const goesBy = async (gateway: RunningGateway) =>
    (await tracksOf(gateway)).some(({ name, share }) => name === 'canary' && share === canary / 100)
  await until(async () => (await Promise.all(gateways.map(goesBy))).every(Boolean), { what: `a share of ${canary}` })
}

const where = async (client: V2Client, msgId: number): Promise<string> => {
  client.send(request(msgId, 'shop.where'))
  return json<string>(await client.take(RESPONSE, msgId))
}

interface Known {
  session: string
  resumeToken: string
  track: string
}

/** Opens so many sessions, fifty side by side, and asks each for its track. */
async function askAll(port: number, count: number): Promise<Known[]> {
  const known: Known[] = []
  while (known.length < count) {
    known.push(
      ...(await Promise.all(
        Array.from({ length: 50 }, async () => {
          const { client, synAck } = await V2Client.open(port)
          using _ = client
          const { session, resumeToken } = synAck as { session: string; resumeToken: string }
          return { session, resumeToken, track: await where(client, 1) }
        }),
      )),
    )
  }
  return known
}

const share = (known: readonly Known[]): number => known.filter(({ track }) => track === 'canary').length / known.length

async function running(place: Place): Promise<{ installation: Installation; gateways: RunningGateway[] }> {
  const installation = await Installation.make(place)
  if (place.kind === 'embedded') return { installation, gateways: [await installation.start({}, SERVICES)] }
  const gateways = await Promise.all([installation.gateway(), installation.gateway()])
  await Promise.all(['stable', 'canary'].map(part => installation.worker({ CAUSEWAY_TEST_PART: part }, SERVICES)))
  return { installation, gateways }
}

/** Each session's numbers as they were first handled. */
function handledOf(file: string): Map<string, { numbers: number[]; tracks: Set<string> }> {
  const sessions = new Map<string, { numbers: number[]; tracks: Set<string> }>()
  for (const line of readFileSync(file, 'utf8').trim().split('\n')) {
    const [session, n, track, attempt] = line.split(' ')
    const handled = sessions.get(session) ?? { numbers: [], tracks: new Set() }
    sessions.set(session, handled)
    handled.tracks.add(track)
    if (attempt === '1') handled.numbers.push(Number(n))
  }
  return sessions
}

everywhere('two versions of a service side by side', async (context, place) => {
  const { installation, gateways } = await running(place)
  await using _ = installation
  const last = gateways.at(-1)!
  await until(async () => (await tracksOf(last)).length === 2, { what: 'both tracks', timeoutMs: 15_000 })

  await context.test('the canary gets nothing until somebody gives it a share', async () => {
    assert.equal(share(await askAll(last.port, 100)), 0)
    assert.deepEqual(await tracksOf(last), [
      { name: 'stable', versions: { 1: 1 }, share: 1 },
      { name: 'canary', versions: { 2: 1 }, share: 0 },
    ])
  })

  let known: Known[] = []
  await context.test('a tenth of a thousand sessions go to the canary', async () => {
    await weigh(installation, gateways, 10)
    known = await askAll(gateways[0].port, SESSIONS)
    context.diagnostic(`${(share(known) * 100).toFixed(1)} % of ${SESSIONS} sessions are on the canary`)
    // three standard deviations of a tenth of a thousand are 2.8 %
    assert.ok(Math.abs(share(known) - 0.1) < 0.03, `${share(known)}`)
  })

  await context.test('a resumed session stays on its track, at another gateway too', async () => {
    for (const { session, resumeToken, track } of known.slice(-100)) {
      const { client, synAck } = await V2Client.open(last.port, { session, resumeToken, lastSeq: 1, stored: 1 })
      using _ = client
      assert.deepEqual([(synAck as { resumed: boolean }).resumed, await where(client, 2)], [true, track])
    }
  })

  await context.test('while shares change under load, the messages of each session are handled in order, and answered', async () => {
    await using stack = new AsyncDisposableStack()
    const clients = await Promise.all(Array.from({ length: 24 }, (_, n) => connect(gateways[n % gateways.length].tcp)))
    for (const client of clients) stack.use(client)
    let sending = true
    // eight of each session are always under way
    const load = clients.map(async client => {
      let n = 0
      const one = async (): Promise<void> => {
        while (sending) await client.request('shop.note', n++, { timeout: 30_000 })
      }
      await Promise.all(Array.from({ length: 8 }, one))
      return n
    })
    for (const canary of [50, 0, 100, 20, 80, 10]) {
      await weigh(installation, gateways, canary)
      await sleep(500)
    }
    sending = false
    const sent = await Promise.all(load)
    const handled = handledOf(installation.journal)
    const moved = [...handled.values()].filter(({ tracks }) => tracks.size === 2).length
    context.diagnostic(`${sent.reduce((sum, n) => sum + n, 0)} messages; ${moved} of ${clients.length} sessions changed their track`)
    assert.ok(moved > clients.length / 4, `${moved} sessions moved`)
    for (const [index, client] of clients.entries()) {
      const { numbers } = handled.get(client.session!)!
      assert.deepEqual(
        numbers,
        Array.from({ length: sent[index] }, (_, n) => n),
        `session ${client.session}`,
      )
    }
  })

  await context.test('the service is told by its name, with the schemas of its routes on each track', async () => {
    const told = await fetch(`${last.http}/v1/services/shop-${installation.service.slice('demo-'.length)}`)
    const { schemas } = (await told.json()) as { schemas: { route: string; track: string; input: object }[] }
    assert.deepEqual(
      schemas.map(({ route, track, input }) => [route, track, input]),
      ['stable', 'canary'].map(track => ['shop.where', track, { description: 'bytes as sent' }]),
    )
  })

  await context.test('the ledger balances', async () => {
    const balances = async () => {
      const { inFlight, balanced } = await ledgerOf(last)
      return inFlight === 0 && balanced
    }
    await until(balances, { what: 'the books to balance', timeoutMs: 15_000 })
  })
})

onRealBackends('a session that is resumed elsewhere while shares change', async (context, place) => {
  const { installation, gateways } = await running(place)
  await using _ = installation
  await until(async () => (await tracksOf(gateways[1])).length === 2, { what: 'both tracks', timeoutMs: 15_000 })

  await context.test('has its next message handled behind the one that is under way on its former track', async () => {
    const opened = await Promise.all(Array.from({ length: 10 }, () => V2Client.open(gateways[0].port)))
    for (const { client } of opened) client.send(request(1, 'shop.slow', '1'))
    await Promise.all(opened.map(({ client }) => client.take(ACK, 1)))
    await weigh(installation, gateways, 100)
    for (const { synAck } of opened.slice()) {
      const { session, resumeToken } = synAck as { session: string; resumeToken: string }
      const resumed = await V2Client.open(gateways[1].port, { session, resumeToken, lastSeq: 0, stored: 1, waiting: [[1, 30_000]] })
      resumed.client.send(request(2, 'shop.slow', '2'))
      opened.push(resumed)
    }
    const answers = await Promise.all(
      opened
        .slice(10)
        .map(async ({ client }) => [json<string>(await client.take(RESPONSE, 1)), json<string>(await client.take(RESPONSE, 2))]),
    )
    for (const { client } of opened) client[Symbol.dispose]()
    assert.deepEqual(new Set(answers.map(([first, second]) => `${first} ${second}`)), new Set(['stable canary']))
    const lines = readFileSync(installation.journal, 'utf8').trim().split('\n')
    for (const { synAck } of opened.slice(0, 10)) {
      const own = lines.filter(line => line.startsWith(`${(synAck as { session: string }).session} `)).map(line => line.split(' ')[1])
      assert.deepEqual(own, ['begins-1', 'ends-1', 'begins-2', 'ends-2'])
    }
  })
})

onRealBackends('a canary that dies is a canary no more', async (_context, place) => {
  await using installation = await Installation.make(place)
  const gateway = await installation.gateway()
  const [, canary] = await Promise.all(['stable', 'canary'].map(part => installation.worker({ CAUSEWAY_TEST_PART: part }, SERVICES)))
  await weigh(installation, [gateway], 50)
  assert.ok(share(await askAll(gateway.port, 100)) > 0.3)
  await canary.process.kill()
  const gone = async () => (await tracksOf(gateway)).every(({ name, versions }) => name !== 'canary' || Object.keys(versions).length === 0)
  await until(gone, { what: 'its lease to run out', timeoutMs: 10_000 })
  assert.equal(share(await askAll(gateway.port, 100)), 0)
})
