// By hand: `npm run churn -- --clients 10000 --waves 4`, with a Kafka and a Redis of its own. Prints what was held
// before, after the first wave (the base), after each of the others, and at the end, once the worker has forgotten the sessions.
import { parseArgs } from 'node:util'
import { startKafka, startRedis } from '@causeway/test-backends'
import { Churn, type Holdings } from './churn.ts'
import { storm, wave } from './churn-waves.ts'
import { ledgerOf } from './ledger.ts'

const { values } = parseArgs({
  options: {
    clients: { type: 'string', default: '10000' },
    waves: { type: 'string', default: '4' },
    storms: { type: 'string', default: '2' },
  },
})
const [clients, waves, storms] = [values.clients, values.waves, values.storms].map(Number)

const MIB = 1 << 20
const mib = (bytes: number): string => (bytes / MIB).toFixed(1)

function tell(when: string, { gateway, worker, redis }: Holdings): void {
  for (const [name, { rss, heap, external, descriptors, resources, sessions }] of Object.entries({ gateway, worker })) {
    console.log(
      `${when.padEnd(8)} ${name.padEnd(8)} rss ${mib(rss)} MiB, heap ${mib(heap)}, external ${mib(external)}, ${descriptors} descriptors, ${resources} resources, ${sessions} sessions`,
    )
  }
  console.log(`${when.padEnd(8)} Redis    ${mib(redis.memory)} MiB, ${redis.keys} keys, of sessions ${redis.sessionKeys}`)
}

await using kafka = await startKafka()
await using redis = await startRedis()
await using churn = await Churn.start({ kind: 'real', kafka: kafka.address, redis: redis.address })
tell('cold', await churn.settled())
for (let i = 0; i <= waves; i++) {
  const began = Date.now()
  await wave(churn.clients, clients)
  const waved = Date.now()
  await storm(churn.clients, clients, storms)
  const { opened, resumed, lost, answered, turnedAway } = churn.counts
  console.log(
    `wave ${i}: ${waved - began} ms, ${storms} storms: ${Date.now() - waved} ms; ${JSON.stringify({ opened, resumed, lost, answered, turnedAway })}`,
  )
  tell(i === 0 ? 'base' : `wave ${i}`, await churn.settled())
}
tell('the end', await churn.forgotten())
console.log(`ledger ${JSON.stringify(await ledgerOf(churn.gateway))}`)
