import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLogger } from '@causeway/telemetry'
import { untilReachable } from './reachable.ts'

const away = (): Promise<never> => Promise.reject(new Error('connect ECONNREFUSED'))

test('what is not there yet is tried until it is', async () => {
  let tries = 0
  const open = (): Promise<string> => (++tries < 3 ? away() : Promise.resolve('open'))
  assert.equal(await untilReachable({ what: 'Kafka', open, withinMs: 10_000, logger: silentLogger }), 'open')
  assert.equal(tries, 3)
})

test('past the time the error says what, why and what to do', async () => {
  await assert.rejects(
    untilReachable({ what: 'Kafka at broker:9092', open: away, withinMs: 150, logger: silentLogger }),
    /^Error: Kafka at broker:9092 could not be reached within 150 ms: connect ECONNREFUSED\. .*CAUSEWAY_START_TIMEOUT/,
  )
})

test('what waiting will not mend is told at once', async () => {
  let tries = 0
  const open = (): Promise<never> => {
    tries++
    return Promise.reject(new Error('WRONGPASS invalid username-password pair'))
  }
  const isFinal = ({ message }: Error): boolean => message.startsWith('WRONGPASS')
  await assert.rejects(untilReachable({ what: 'Redis', open, isFinal, withinMs: 60_000, logger: silentLogger }), /^Error: Redis: WRONGPASS/)
  assert.equal(tries, 1)
})
