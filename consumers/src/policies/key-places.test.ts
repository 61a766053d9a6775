import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ResultsInMemory } from '@causeway/results/in-memory'
import { silentLogger } from '@causeway/telemetry'
import { turn, until } from '@causeway/testing'
import { machineClock } from '../clock.ts'
import type { Context } from '../context.ts'
import { type AttemptOutcome, attempt } from '../execution.ts'
import { message, service, testKit } from '../index.ts'
import { contextOf, messageOf, SERVICE } from '../messages.fixture.ts'
import type { Middleware, Route } from '../route.ts'
import { compileRoutes } from '../route-set.ts'
import { PolicedRoutes } from './policed.ts'

const routes = (...all: Route[]) => compileRoutes(SERVICE, all)
const policed = (...all: Route[]): PolicedRoutes =>
  new PolicedRoutes(routes(...all), { service: SERVICE, clock: machineClock, results: new ResultsInMemory(), logger: silentLogger })

async function run(served: PolicedRoutes, context?: Context): Promise<AttemptOutcome> {
  const given = messageOf()
  return await attempt(served.routes.get('work')!, given, context ?? contextOf(given), 1 << 20)
}

const ONE_EACH = { concurrency: { key: () => 'one' } }
const values = async function* () {
  yield 1
}

/** A stream behind a middleware; then a plain message, which needs the place that the stream had. */
const streamBehind = (middleware: Middleware): { served: PolicedRoutes; stream(context?: Context): Promise<AttemptOutcome> } => {
  let first = true
  const served = policed(
    message('work', ONE_EACH)
      .use((ctx, next) => (first ? middleware(ctx, next) : next()))
      .handle(() => (first ? values() : 'done')),
  )
  return {
    served,
    async stream(context) {
      const outcome = await run(served, context)
      first = false
      return outcome
    },
  }
}

describe('the place of a key that a stream holds is free', () => {
  const cases: Record<string, Middleware> = {
    'when a middleware answers something else': async (_, next) => void (await next()),
    'when a middleware fails behind it': async (_, next) => {
      await next()
      throw new Error('the audit is away')
    },
    'when a middleware runs the handler twice': async (_, next) => {
      await next()
      return 'done'
    },
  }
  for (const [name, middleware] of Object.entries(cases))
    test(name, async () => {
      const { served, stream } = streamBehind(middleware)
      await stream()
      assert.equal((await run(served)).kind, 'answer')
    })

  test('when its time is over before a middleware has passed it on', async () => {
    const given = messageOf()
    const context = contextOf(given)
    const { served, stream } = streamBehind(async (ctx, next) => {
      const value = await next()
      ctx.abort(new Error('its time is over'))
      return value
    })
    await stream(context)
    assert.equal((await run(served)).kind, 'answer')
  })

  test('when it cannot be begun', async () => {
    const { served, stream } = streamBehind(async (_, next) => {
      await next()
      return {
        [Symbol.asyncIterator]() {
          throw new Error('no')
        },
      }
    })
    const outcome = await stream()
    assert.ok(outcome.kind === 'stream')
    assert.throws(() => outcome.values[Symbol.asyncIterator]())
    assert.equal((await run(served)).kind, 'answer')
  })
})

test('who waits for the place of a key has its whole time-out afterwards', async () => {
  const holding = Promise.withResolvers<void>()
  const second = Promise.withResolvers<void>()
  let began = 0
  using kit = testKit(
    service('orders', [
      message('work', { order: 'none', timeout: '1s', retry: { attempts: 1 }, ...ONE_EACH }).handle(async () => {
        await (++began === 1 ? holding : second).promise
        return 'done'
      }),
    ]),
    { autoAdvance: false },
  )
  const answers = [kit.request('work', 1, { timeout: '1m' }), kit.request('work', 2, { timeout: '1m' })]
  await until(() => began === 1)
  await kit.advance('900ms')
  holding.resolve()
  await until(() => began === 2)
  await kit.advance('900ms')
  second.resolve()
  assert.deepEqual(await Promise.all(answers), ['done', 'done'])
})

test('places of a key that are taken stay so while the routes are replaced', async () => {
  const held = Promise.withResolvers<void>()
  let running = 0
  let most = 0
  const work = (limit: number): Route =>
    message('work', { concurrency: { limit, key: () => 'one' } }).handle(async () => {
      most = Math.max(most, ++running)
      await held.promise
      running--
    })
  const served = policed(work(10))
  const first = run(served)
  await turn()
  served.replace(routes(work(20)))
  const second = run(served)
  await turn()
  held.resolve()
  await Promise.all([first, second])
  assert.equal(most, 1)
})

test('a rate that stays the same is used up though the routes are replaced', async () => {
  const route = (): Route => message('work', { rate: { limit: 1, per: '1h' } }).handle(() => 'done')
  const served = policed(route())
  assert.equal((await run(served)).kind, 'answer')
  served.replace(routes(route()))
  assert.equal((await run(served)).kind, 'later')
})

test('one that comes again finds a place of its route in turn with those that are new', async () => {
  const ends: (() => void)[] = []
  const ran: number[] = []
  const served = policed(
    message('work', { concurrency: 1 }).handle(async (_, ctx) => {
      ran.push(ctx.attempt)
      await new Promise<void>(resolve => ends.push(resolve))
    }),
  )
  const { gate } = served.routes.get('work')!
  const first = run(served)
  await until(() => ends.length === 1)
  const given = messageOf()
  // new ones are always there, and take each place at once
  const another = (): void => {
    gate!.wait(() => {
      void run(served)
      another()
      return true
    })
  }
  another()
  const again = run(served, contextOf(given, 2))
  for (let n = 1; n <= 3; n++) {
    await until(() => ends.length === n)
    ends[n - 1]()
    await turn()
  }
  assert.ok(ran.includes(2), ran.join())
  await first
  assert.equal((await again).kind, 'answer')
})
