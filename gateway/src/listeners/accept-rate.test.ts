import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { decodeClose, decodeFrame } from '@causeway/protocol'
import { until } from '@causeway/testing'
import { WebSocket } from 'ws'
import { fakeGateway } from '../gateway.fixture.ts'
import type { Health } from '../health.ts'
import { httpServer } from '../http/http-server.ts'
import { ACCEPT_BURST_MS, ACCEPT_HELD, ACCEPT_TICK_MS, ACCEPT_WAIT_MS } from '../limits.ts'
import { AcceptRate, acceptRateOf, type Clock } from './accept-rate.ts'
import { tcpListener } from './tcp-listener.ts'

/** Time that stands until it is told to pass. */
class StandingClock implements Clock {
  #now = 0
  #due: { at: number; callback: () => void }[] = []

  now(): number {
    return this.#now
  }

  after(ms: number, callback: () => void): void {
    this.#due.push({ at: this.#now + ms, callback })
  }

  pass(ms: number): void {
    const end = this.#now + ms
    for (;;) {
      const next = this.#due.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
      if (next === undefined) break
      this.#due = this.#due.filter(each => each !== next)
      this.#now = next.at
      next.callback()
    }
    this.#now = end
  }

  get idle(): boolean {
    return this.#due.length === 0
  }
}

const PER_SECOND = 1_000
const BURST = (PER_SECOND * ACCEPT_BURST_MS) / 1_000
const ROOM = (PER_SECOND * ACCEPT_WAIT_MS) / 1_000

/** A rate and what became of those who came, by the number of their coming. */
function reception(perSecond: number) {
  const clock = new StandingClock()
  const rate = new AcceptRate(perSecond, clock)
  const admitted: number[] = []
  const turnedAway: number[] = []
  const cut: number[] = []
  const newcomers: EventEmitter[] = []
  const come = (count: number): void => {
    for (let i = 0; i < count; i++) {
      const number = newcomers.length
      const newcomer = new EventEmitter()
      newcomers.push(newcomer)
      rate.take(newcomer, {
        admit: () => void admitted.push(number),
        turnAway: () => void turnedAway.push(number),
        cut: () => void cut.push(number),
      })
    }
  }
  return { clock, rate, admitted, turnedAway, cut, newcomers, come }
}

test('a burst is taken at once; who comes beyond it waits for the rate, in the order of coming', () => {
  const { clock, rate, admitted, come } = reception(PER_SECOND)
  come(BURST + 100)
  assert.deepEqual([admitted.length, rate.waiting, rate.delayed], [BURST, 100, 100])
  clock.pass(55)
  assert.ok(
    Math.abs(admitted.length - BURST - 50) <= ACCEPT_TICK_MS,
    `${admitted.length - BURST} were taken in 50 ms at ${PER_SECOND} a second`,
  )
  come(1)
  clock.pass(100)
  assert.deepEqual(
    admitted,
    Array.from({ length: BURST + 101 }, (_, index) => index),
  )
  assert.ok(clock.idle, 'nothing waits, so no timer runs')
})

test('over a long storm no more than the rate and one burst are taken, whatever comes', () => {
  const { clock, admitted, turnedAway, come } = reception(PER_SECOND)
  for (let ms = 0; ms < 5_000; ms += 10) {
    come(100)
    clock.pass(10)
  }
  assert.ok(admitted.length <= 5 * PER_SECOND + BURST, `${admitted.length} were taken in 5 s`)
  assert.ok(admitted.length >= 5 * PER_SECOND, `${admitted.length} were taken in 5 s`)
  assert.ok(turnedAway.length > 0)
})

test('a lull earns one burst and no more', () => {
  const { clock, admitted, come } = reception(PER_SECOND)
  clock.pass(60_000)
  come(BURST * 2)
  assert.equal(admitted.length, BURST)
})

test('who would wait longer than it may is turned away at once', () => {
  const { clock, rate, admitted, turnedAway, come } = reception(PER_SECOND)
  come(BURST + ROOM + 3)
  assert.deepEqual([rate.waiting, rate.refused, turnedAway], [ROOM, 3, [BURST + ROOM, BURST + ROOM + 1, BURST + ROOM + 2]])
  clock.pass(ACCEPT_WAIT_MS + 2 * ACCEPT_TICK_MS)
  assert.equal(admitted.length, BURST + ROOM)
})

test('who ends while waiting takes no place from the others', () => {
  const { clock, rate, admitted, newcomers, come } = reception(PER_SECOND)
  come(BURST + 3)
  newcomers[BURST].emit('close')
  assert.equal(rate.waiting, 2)
  clock.pass(100)
  assert.deepEqual(admitted.slice(BURST), [BURST + 1, BURST + 2])
  assert.deepEqual([newcomers[BURST + 1].listenerCount('close'), newcomers[BURST + 2].listenerCount('close')], [0, 0])
})

test('while as many are being told as may be, others are cut', () => {
  const { cut, turnedAway, newcomers, come } = reception(1)
  come(1 + ACCEPT_WAIT_MS / 1_000 + ACCEPT_HELD)
  assert.deepEqual([turnedAway.length, cut.length], [ACCEPT_HELD, 0])
  come(1)
  newcomers[turnedAway[0]].emit('close')
  come(1)
  assert.deepEqual([turnedAway.length, cut.length], [ACCEPT_HELD + 1, 1])
})

test('a rate of 0 is no bound', () => {
  const { admitted, come } = reception(0)
  come(100_000)
  assert.equal(admitted.length, 100_000)
})

test('TCP and WebSocket share one rate; who is turned away is told OVERLOADED, and probes are answered', async context => {
  // a burst of 1, and no more than 2 that wait
  const gateway = fakeGateway({ acceptRate: 1 })
  const health = { ok: true, dependencies: {} } as Health
  const tcp = tcpListener(gateway.context, undefined).listen(0, '127.0.0.1')
  const http = await httpServer(gateway.context, health)
  await http.listen({ host: '127.0.0.1', port: 0 })
  const httpPort = (http.server.address() as AddressInfo).port
  const sockets: Socket[] = []
  context.after(async () => {
    for (const socket of sockets) socket.destroy()
    tcp.close()
    await http.close()
  })
  const come = async (): Promise<Socket> => {
    const socket = connect((tcp.address() as AddressInfo).port, '127.0.0.1').on('error', () => {})
    sockets.push(socket)
    await once(socket, 'connect')
    return socket
  }
  const rate = acceptRateOf(gateway.context)

  await come()
  await come()
  const early = new WebSocket(`ws://127.0.0.1:${httpPort}/ws`, 'causeway.v2')
  const opened = once(early, 'open')
  await until(() => rate.waiting === 2)

  const [told] = (await once(await come(), 'data')) as [Buffer]
  const { code, retryAfterMs } = decodeClose(decodeFrame(told).payload)
  assert.deepEqual([code, retryAfterMs], ['OVERLOADED', ACCEPT_WAIT_MS])

  const late = new WebSocket(`ws://127.0.0.1:${httpPort}/ws`, 'causeway.v2').on('error', () => {})
  const [, response] = (await once(late, 'unexpected-response')) as [unknown, { statusCode: number; headers: Record<string, string> }]
  assert.deepEqual([response.statusCode, response.headers['retry-after']], [503, '2'])
  late.terminate()

  assert.equal((await fetch(`http://127.0.0.1:${httpPort}/readyz`)).status, 200)
  assert.deepEqual([rate.delayed, rate.refused, gateway.counters.closed.OVERLOADED], [2, 2, 2])
  await opened
  early.terminate()
})
