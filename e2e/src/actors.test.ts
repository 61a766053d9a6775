import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Client, connect, type Push } from '@causeway/client'
import { openKafkaLog } from '@causeway/log/kafka'
import { silentLogger } from '@causeway/telemetry'
import { until } from '@causeway/testing'
import { type Booking, type Item, STEPS, type Step } from './actor-steps.ts'
import type { CausewayProcess } from './causeway-process.ts'
import { Installation } from './installation.ts'
import { assertBooksClosed } from './ledger.ts'
import { everywhere, onRealBackends, type RealPlace } from './places.ts'
import { Relay } from './relay.ts'

const SERVICES = fileURLToPath(new URL('./actors.fixture.ts', import.meta.url))
/** Beyond the time in which a dead worker's partitions come back, ms. */
const TIMEOUT_MS = 60_000
/** A retry whose worker dies is run again after some 15 s, each time that one dies, ms. */
const HANDLED_MS = 120_000
/** A relay looks each 5 s for what is left, ms. */
const RELAYED_MS = 30_000
const COUNTING = { clients: 8, requests: 10 }
const BACKOFF = { min: 20, max: 100 }

/** With workers of their own each death costs the group's session time-out: the steps between which something is parted. */
const PARTED: readonly Step[] = ['written', 'sent', 'relaying', 'relayed', 'taken']
/** One item for each step at which a process dies, and one behind it that waits meanwhile. */
const itemsOf = (steps: readonly Step[]): Item[] => steps.flatMap((die, index) => [{ n: 2 * index + 1, die }, { n: 2 * index + 2 }])
const numbersOf = (items: readonly Item[]): number[] => items.map(({ n }) => n)

const bookingsOf = (file: string): Booking[] =>
  existsSync(file)
    ? readFileSync(file, 'utf8')
        .trim()
        .split('\n')
        .map(line => JSON.parse(line) as Booking)
    : []

/** Starts a process again whenever it dies, until the test is over. */
class Kept {
  #over = false
  deaths = 0

  constructor(first: CausewayProcess, start: () => Promise<CausewayProcess>) {
    void this.#keep(first, start)
  }

  async #keep(running: CausewayProcess, start: () => Promise<CausewayProcess>): Promise<void> {
    for (let child: CausewayProcess | undefined = running; ; child = await this.#started(start)) {
      if (child !== undefined && (await child.ended).signal !== 'SIGKILL') return
      if (this.#over) return
      this.deaths++
    }
  }

  /** Undefined where it was killed before it served. */
  async #started(start: () => Promise<CausewayProcess>): Promise<CausewayProcess | undefined> {
    try {
      return await start()
    } catch (error) {
      if (!/ended with status null/.test((error as Error).message)) throw error
      return undefined
    }
  }

  [Symbol.dispose](): void {
    this.#over = true
  }
}

/** Every item is on the topic, at least once, and first in order. */
async function assertOnTopic({ kafka }: RealPlace, topic: string, session: string, wanted: readonly number[]): Promise<void> {
  const log = await openKafkaLog({ brokers: [kafka], clientId: 'actors', logger: silentLogger })
  try {
    const read = async () => {
      const partitions = Array.from({ length: (await log.partitionsOf(topic)) ?? 0 }, (_, partition) => partition)
      return (await Promise.all(partitions.map(partition => log.read(topic, partition, 0, 1_000)))).flat()
    }
    // what a relay could not bring there at once it brings with its next look
    await until(async () => (await read()).length >= wanted.length, { timeoutMs: RELAYED_MS, what: 'the items on the topic' })
    const records = await read()
    assert.deepEqual([...new Set(records.map(({ key }) => key))], [session])
    const numbers = records.map(({ value }) => (JSON.parse(Buffer.from(value).toString()) as Item).n)
    assert.deepEqual([...new Set(numbers)], wanted)
  } finally {
    await log.close()
  }
}

/** Each item is added and answered, the state grows by one each time, each emit takes effect once and in order, pushes come once. */
async function shop(client: Client, journal: string, items: readonly Item[]): Promise<void> {
  const numbers = numbersOf(items)
  const pushes: unknown[] = []
  client.on('push', ({ payload }: Push) => void pushes.push(payload))
  // in pairs: the second waits behind the one whose process dies
  for (let at = 0; at < items.length; at += 2) {
    const pair = items.slice(at, at + 2).map(item => client.request('cart.add', item, { timeout: TIMEOUT_MS }))
    assert.deepEqual(
      await Promise.all(pair),
      [1, 2].map(n => ({ items: numbers.slice(0, at + n) })),
    )
  }
  assert.deepEqual(await client.request('cart.show', undefined, { timeout: TIMEOUT_MS }), { items: numbers })
  await until(() => bookingsOf(journal).at(-1)?.taken.length === numbers.length, { timeoutMs: HANDLED_MS, what: 'all emits to be handled' })
  const bookings = bookingsOf(journal)
  assert.deepEqual(bookings.at(-1)?.taken, numbers)
  // whatever was handled again saw the same state, and the same key
  for (const { n, taken, key, source } of bookings) {
    assert.deepEqual(taken, numbers.slice(0, n))
    assert.deepEqual([source.session, key], [client.session, `${source.service}/${client.session}/${source.msgId}/1`])
  }
  assert.deepEqual(
    pushes,
    numbers.map(added => ({ added })),
  )
}

everywhere('state that all sessions share: each count is given once', async (context, place) => {
  await using installation = await Installation.make(place)
  const gateway = await installation.start({}, SERVICES)
  const clients = await Promise.all(Array.from({ length: COUNTING.clients }, () => connect(gateway.tcp)))
  const { requests } = COUNTING
  const counting = clients.flatMap(client => Array.from({ length: requests }, () => client.request<number>('cart.count')))
  const counts = (await Promise.all(counting)).sort((a, b) => a - b)
  assert.deepEqual(
    counts,
    counts.map((_, index) => index + 1),
  )
  await Promise.all(clients.map(client => client.close()))
  await assertBooksClosed(gateway, COUNTING.clients * requests)
  context.diagnostic(`${counts.length} counts`)
})

test('a cart whose process is killed at each step: state, answers, pushes and emits agree (embedded)', { timeout: 240_000 }, async () => {
  await using installation = await Installation.make({ kind: 'embedded' })
  let gateway = await installation.start({}, SERVICES)
  using relay = await Relay.to(gateway.port)
  using kept = new Kept(gateway.process, async () => {
    gateway = await installation.start({}, SERVICES)
    relay.target = gateway.port
    return gateway.process
  })
  await using client = await connect(relay.url, { backoff: BACKOFF })
  const items = itemsOf(STEPS)
  await shop(client, installation.journal, items)
  assert.equal(kept.deaths, STEPS.length)
  await client.close()
  await assertBooksClosed(gateway, 2 * items.length + 1)
})

onRealBackends('a cart whose worker, or whose target, is killed at each step (Kafka and Redis)', async (context, place) => {
  await using installation = await Installation.make(place)
  const start = async (part: string): Promise<CausewayProcess> =>
    (await installation.worker({ CAUSEWAY_TEST_PART: part }, SERVICES)).process
  const gateway = await installation.gateway()
  using carts = new Kept(await start('cart'), () => start('cart'))
  using stocks = new Kept(await start('stock'), () => start('stock'))
  await using client = await connect(gateway.tcp, { backoff: BACKOFF })
  const items = itemsOf(PARTED)
  await shop(client, installation.journal, items)
  await assertOnTopic(place, `shop.${installation.service.slice('demo-'.length)}`, client.session!, numbersOf(items))
  context.diagnostic(`${carts.deaths} workers of the cart and ${stocks.deaths} of the stock were killed`)
  assert.equal(carts.deaths + stocks.deaths, PARTED.length)
  await client.close()
  await assertBooksClosed(gateway, 2 * items.length + 1)
})
