import type { LineFault } from '../relay.ts'
import type { Scenario } from '../scenario.ts'
import { kafkaAndRedis } from '../surroundings.ts'

/** Bytes within which a connection is reset: a handshake and some messages, so that it comes anywhere in them. */
const RESET_WITHIN = 20_000
const DELAY_MS = 30

/** Between clients and gateways: resets at random bytes, delays, pieces of one byte, and connections that stay open and carry nothing. */
export const clientLines: Scenario = {
  name: 'client-lines',
  breaks: 'resets, delays, one-byte pieces and half-open connections of clients',
  surroundings: open => kafkaAndRedis(open),
  async begin(installation) {
    await installation.addPairs()
    await installation.relayClients()
  },
  load: { sessions: 16, depth: 8, rate: 50, mix: { count: 12, slow: 2, note: 3, stream: 1, push: 1 } },
  rounds: 6,
  async round({ installation, load, random, note, pause }, index) {
    const lines = installation.clientLines
    const faults: [string, () => LineFault][] = [
      [
        'are reset after some bytes',
        () => ({ resetAfterSent: random.index(RESET_WITHIN), resetAfterReceived: random.index(RESET_WITHIN) }),
      ],
      ['are late', () => ({ delayMs: random.between(1, DELAY_MS) })],
      ['carry bytes one by one', () => ({ slices: true })],
    ]
    const [what, fault] = faults[index % faults.length]
    note(`connections ${what}`)
    for (const line of lines) line.fault = fault
    for (const line of lines) line.cut()
    await load.answers(500)
    note('connections stay open and carry nothing')
    for (const line of lines) line.freeze()
    await pause(500, 1_500)
    await load.answers(500)
    note('connections are whole again')
    for (const line of lines) line.fault = () => ({})
    for (const line of lines) line.cut()
  },
}
