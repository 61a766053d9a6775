// By hand: `npm run joins`, with a Kafka and a Redis of its own. Workers join and leave in good order under load; prints how much later than
// its handler's own time an answer came at most, and how many messages were handled more than once.
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type Client, connect } from '@causeway/client'
import { startKafka, startRedis } from '@causeway/test-backends'
import type { CausewayProcess } from './causeway-process.ts'
import { Installation } from './installation.ts'

const { values } = parseArgs({
  options: {
    /** Handler times of the slow half of the sessions, ms; a run for each. */
    handlers: { type: 'string', default: '0,700,5000' },
    seconds: { type: 'string', default: '40' },
    /** Between one change and the next, ms. */
    every: { type: 'string', default: '2500' },
    sessions: { type: 'string', default: '64' },
  },
})

const SERVICE = fileURLToPath(new URL('./joins.fixture.ts', import.meta.url))
/** Longer than anything a change may cost. */
const TIMEOUT_MS = 30_000
/** Until all code is compiled and all topics are known. */
const WARM_UP_MS = 5_000

/** One session that asks without a pause; remembers the longest delay of an answer beyond its handler. */
class Asking {
  longestMs = 0
  answered = 0
  readonly failures: string[] = []
  readonly ended: Promise<void>
  #ending = false

  constructor(client: Client, handlerMs: number) {
    this.ended = this.#ask(client, handlerMs)
  }

  async #ask(client: Client, ms: number): Promise<void> {
    while (!this.#ending) {
      const from = performance.now()
      await client.request('joins.work', { ms }, { timeout: TIMEOUT_MS + ms }).catch(error => this.failures.push(String(error)))
      this.longestMs = Math.max(this.longestMs, performance.now() - from - ms)
      this.answered++
    }
    await client.close()
  }

  end(): void {
    this.#ending = true
  }
}

/** Longest delay of the fast and of the slow sessions in one phase. */
async function phase(asking: readonly Asking[], change: () => Promise<unknown>): Promise<string> {
  for (const each of asking) each.longestMs = 0
  await Promise.all([change(), sleep(Number(values.every))])
  const longest = (from: number, to: number): string =>
    (Math.max(...asking.slice(from, to).map(({ longestMs }) => longestMs)) / 1_000).toFixed(2)
  return `fast ${longest(0, asking.length / 2)} s, slow ${longest(asking.length / 2, asking.length)} s`
}

async function startWorker(installation: Installation): Promise<CausewayProcess> {
  const started = installation.run(['worker', SERVICE, '--worker-port', '0', '--json'])
  await started.addresses()
  return started
}

/** How many messages were begun more than once, of how many. */
function handledAgain({ journal }: Installation): [number, number] {
  const begun = new Map<string, number>()
  for (const line of readFileSync(journal, 'utf8').trimEnd().split('\n')) begun.set(line, (begun.get(line) ?? 0) + 1)
  return [[...begun.values()].filter(times => times > 1).length, begun.size]
}

await using kafka = await startKafka()
await using redis = await startRedis()
for (const handlerMs of values.handlers.split(',').map(Number)) {
  await using installation = await Installation.make({ kind: 'real', kafka: kafka.address, redis: redis.address })
  const workers = [await startWorker(installation), await startWorker(installation)]
  const { tcp } = await installation.gateway()
  const count = Number(values.sessions)
  const asking = await Promise.all(
    Array.from({ length: count }, async (_, index) => new Asking(await connect(tcp), index < count / 2 ? 0 : handlerMs)),
  )
  console.log(`handlers of 0 and of ${handlerMs} ms, ${count} sessions`)
  await sleep(WARM_UP_MS)
  const until = Date.now() + Number(values.seconds) * 1_000
  while (Date.now() < until) {
    console.log(`  a worker joins   ${await phase(asking, async () => workers.push(await startWorker(installation)))}`)
    console.log(`  a worker leaves  ${await phase(asking, () => workers.shift()!.stop())}`)
  }
  for (const each of asking) each.end()
  await Promise.all(asking.map(({ ended }) => ended))
  const failures = asking.flatMap(each => each.failures)
  const [again, messages] = handledAgain(installation)
  console.log(`  ${messages} messages handled, ${again} of them more than once`)
  console.log(`  ${asking.reduce((sum, { answered }) => sum + answered, 0)} answers, ${failures.length} failed ${failures[0] ?? ''}`)
}
