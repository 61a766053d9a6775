import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { startBackends } from './start-backends.ts'

const USAGE = `npm run backends [-- --kafka-port N --redis-port N]
Starts a real Kafka and Redis on 127.0.0.1 (on free ports unless told), prints their addresses to export, and runs until Ctrl-C.
They keep nothing: their data goes when they stop.`

await main()

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { 'kafka-port': { type: 'string' }, 'redis-port': { type: 'string' }, help: { type: 'boolean' } },
  })
  if (values.help) return console.log(USAGE)
  const asked = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
  const backends = await startBackends({
    kafka: { port: port('--kafka-port', values['kafka-port']) },
    redis: { port: port('--redis-port', values['redis-port']) },
  })
  if (backends.missing.length > 0) {
    await backends.stop()
    for (const line of backends.missing) console.error(line)
    process.exitCode = 1
    return
  }
  announce(backends.environment)
  const alive = setInterval(() => {}, 2 ** 31 - 1)
  await asked
  clearInterval(alive)
  await backends.stop()
}

function port(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const number = Number(text)
  if (!Number.isInteger(number) || number < 1 || number > 65_535) throw new Error(`${flag}: expected a port from 1 to 65535, got "${text}"`)
  return number
}

function announce({ CAUSEWAY_TEST_KAFKA: kafka, CAUSEWAY_TEST_REDIS: redis }: Record<string, string>): void {
  console.log(`export CAUSEWAY_KAFKA_BROKERS=${kafka}`)
  console.log(`export CAUSEWAY_REDIS_URL=redis://${redis}`)
  console.log(`export CAUSEWAY_TEST_KAFKA=${kafka}`)
  console.log(`export CAUSEWAY_TEST_REDIS=${redis}`)
  console.log('# Ctrl-C stops both')
}
