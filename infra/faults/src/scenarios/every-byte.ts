import { until } from '@causeway/testing'
import { type LineFault, Relay } from '../relay.ts'
import type { Scenario, Stage } from '../scenario.ts'
import { kafkaAndRedis } from '../surroundings.ts'

/** Exchanges that go on side by side. */
const TOGETHER = 25
/** How long one may take, reset and resume included, ms. */
const EXCHANGE_MS = 30_000

/** A handshake, a push with its answer, a notification, a request: cut after this byte, and gone on with. Returns whether it was cut. */
async function exchange(stage: Stage, fault: LineFault): Promise<boolean> {
  await using relay = await Relay.to(stage.random.pick(stage.installation.ports))
  // the first connection alone
  relay.fault = () => (relay.accepted === 1 ? fault : {})
  const client = stage.client(() => [relay.port])
  for (const [index, kind] of (['push', 'note', 'count'] as const).entries()) {
    await until(() => client.ready, { timeoutMs: EXCHANGE_MS, what: 'a connection' })
    client.send(kind, { n: index + 1 })
  }
  await until(() => client.session.unsettled.size === 0, { timeoutMs: EXCHANGE_MS, what: `an exchange cut by ${JSON.stringify(fault)}` })
  client.close()
  return relay.accepted > 1
}

/** A connection is reset after each single byte of an exchange, first of those sent, then of those received. */
export const everyByte: Scenario = {
  name: 'every-byte',
  breaks: 'reset of a connection after each single byte of an exchange',
  surroundings: open => kafkaAndRedis(open),
  load: { sessions: 4, depth: 2, rate: 10, mix: { count: 1 } },
  rounds: 2,
  async round(stage, index) {
    const direction = index % 2 === 0 ? 'resetAfterSent' : 'resetAfterReceived'
    for (let from = 0; ; from += TOGETHER) {
      const offsets = Array.from({ length: TOGETHER }, (_, offset) => from + offset)
      const cut = await Promise.all(offsets.map(offset => exchange(stage, { [direction]: offset })))
      if (cut.includes(true)) continue
      stage.note(`${direction}: an exchange has at most ${from} bytes`)
      return
    }
  },
}
