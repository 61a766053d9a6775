import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { connect } from '@causeway/client'
import { until } from '@causeway/testing'
import { Installation } from './installation.ts'
import { assertBooksClosed } from './ledger.ts'
import { everywhere } from './places.ts'

const SERVICES = fileURLToPath(new URL('./emit-loop.fixture.ts', import.meta.url))

interface Letter {
  route: string
  error: string
}

everywhere('services that emit to each other in a circle', async (context, place) => {
  await using installation = await Installation.make(place)
  const gateway = await installation.start({}, SERVICES)
  await using client = await connect(gateway.tcp)

  await context.test('end, by a dead letter that says so, though a request is a part of it', async () => {
    await client.notify('ping.start')
    const letters = async () => {
      const all = (await (await fetch(`${gateway.operators}api/dead-letters`)).json()) as { letters: Letter[] }
      return all.letters.map(({ route, error }) => `${route}: ${error}`)
    }
    await until(async () => (await letters()).length === 2, { what: 'the dead letters', timeoutMs: 30_000 })
    const told = (await letters()).sort()
    assert.match(told[0], /^ping\.go-on: EmitLoop: emit pong\.take: 32 emits in a row have led to this message/)
    assert.match(told[1], /^pong\.take: RequestError: request to ping\.go-on: DEAD_LETTERED/)
  })

  // the first message, 32 emits, and a request of each
  await context.test('and everything is accounted for', () => assertBooksClosed(gateway, 65).then(() => undefined))
})
