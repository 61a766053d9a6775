import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ResultsInMemory } from '@causeway/results/in-memory'
import { silentLogger } from '@causeway/telemetry'
import { until } from '@causeway/testing'
import { machineClock } from '../clock.ts'
import { type AttemptOutcome, attempt } from '../execution.ts'
import { contextOf, messageOf, SERVICE } from '../messages.fixture.ts'
import { type Handler, type MessageOptions, message, type Route } from '../route.ts'
import { compileRoutes } from '../route-set.ts'
import { PolicedRoutes } from './policed.ts'

const routes = (...all: Route[]) => compileRoutes(SERVICE, all)
const policed = (...all: Route[]): PolicedRoutes =>
  new PolicedRoutes(routes(...all), { service: SERVICE, clock: machineClock, results: new ResultsInMemory(), logger: silentLogger })
const route = (handler: Handler<unknown>, options: MessageOptions<undefined> = {}): Route => message('work', options).handle(handler)

async function run(served: PolicedRoutes): Promise<AttemptOutcome['kind']> {
  const given = messageOf()
  return (await attempt(served.routes.get('work')!, given, contextOf(given), 1 << 20)).kind
}

const failing = (): never => {
  throw new Error('away')
}

describe('routes that are replaced', () => {
  test('run the new handler from the next message on; what runs goes on as it began', async () => {
    const held = Promise.withResolvers<string>()
    const served = policed(route(() => held.promise))
    const { routes: map } = served
    const before = run(served)
    served.replace(routes(route(failing)))
    assert.equal(await run(served), 'failed')
    held.resolve('done')
    assert.equal(await before, 'answer')
    assert.equal(served.routes, map)
  })

  test('are gone where they are no more, and there where they are new', () => {
    const served = policed(route(failing))
    served.replace(routes(message('other').handle(failing)))
    assert.deepEqual([...served.routes.keys()], ['other'])
  })

  test('keep a breaker open whose options stay, and begin with a closed one where they change', async () => {
    const served = policed(route(failing, { breaker: { failures: 1, openFor: '1h' } }))
    assert.deepEqual([await run(served), await run(served)], ['failed', 'later'])
    served.replace(routes(route(() => 'here', { breaker: { failures: 1, openFor: '1h' } })))
    assert.equal(await run(served), 'later')
    served.replace(routes(route(() => 'here', { breaker: { failures: 2, openFor: '1h' } })))
    assert.equal(await run(served), 'answer')
  })

  test('have as many places as they now say, those taken before included; who waits is told', async () => {
    const held = Promise.withResolvers<string>()
    const handler: Handler<unknown> = () => held.promise
    const served = policed(route(handler, { concurrency: 1 }))
    const first = run(served)
    assert.equal(await run(served), 'later')
    let told = 0
    served.routes.get('work')!.gate!.wait(() => ++told > 0)
    served.replace(routes(route(handler, { concurrency: 2 })))
    assert.equal(told, 1)
    const second = run(served)
    assert.equal(await run(served), 'later')
    served.routes.get('work')!.gate!.wait(() => ++told > 0)
    served.replace(routes(route(handler)))
    await until(() => told === 2)
    const third = run(served)
    held.resolve('done')
    assert.deepEqual(await Promise.all([first, second, third]), ['answer', 'answer', 'answer'])
  })

  test('forget answers that other code would find under other keys', async () => {
    let asked = 0
    const cached = (): Route => route(() => ++asked, { cache: { key: () => 'all', ttl: '1h' } })
    const served = policed(cached())
    await run(served)
    await run(served)
    served.replace(routes(cached()))
    await run(served)
    assert.equal(asked, 2)
  })
})
