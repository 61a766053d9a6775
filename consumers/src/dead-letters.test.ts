import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { partitionOf } from '@causeway/protocol'
import type { DeadLetter } from '@causeway/retries'
import { messageOf, SERVICE, textOf } from './messages.fixture.ts'
import { toRetry } from './stored-message.ts'
import { workbench } from './workbench.fixture.ts'

const errors = [{ at: 1, worker: 'wk-1', error: 'Error: broken', attempt: 1 }]
const letter: DeadLetter = {
  ...toRetry(SERVICE, messageOf({ session: 'a', input: { id: 5 } })),
  attempts: 1,
  errors,
  deadAt: 99,
  reason: '1 attempts failed',
}

describe('a dead letter', () => {
  test('is in the queue and on the topic of its service when burying returns', async () => {
    const { deadLetters, retries, log, counters } = workbench([])
    await deadLetters.bury(letter)
    assert.deepEqual(retries.buried, [letter])
    const [record] = log.appended
    assert.deepEqual(
      [record.topic, record.partition, record.key, record.header, textOf(record.value)],
      ['causeway.orders.requests-dlt', partitionOf(letter.bucket, 4), 'a', letter.header, '{"id":5}'],
    )
    const about = JSON.parse(record.headers?.['causeway-dead-letter'] ?? '')
    assert.deepEqual(about, { reason: letter.reason, attempts: 1, deadAt: 99, errors })
    assert.equal(counters.deadLettersUnlogged, 0)
  })

  test('whose copy the log does not confirm is counted, and stays in the queue', async () => {
    const { deadLetters, retries, log, counters } = workbench([])
    log.refusing = true
    await deadLetters.bury(letter)
    assert.deepEqual([retries.buried.length, counters.deadLettersUnlogged], [1, 1])
  })

  test('waits for a queue that is away, and goes to the topic once', async () => {
    const { deadLetters, retries, log } = workbench([])
    retries.buryFailures = 2
    await deadLetters.bury(letter)
    assert.deepEqual([retries.buried.length, log.appended.length], [1, 1])
  })

  test('gives the log its time to confirm when the worker stops', async () => {
    const { deadLetters, log } = workbench([])
    await deadLetters.close(500)
    assert.equal(log.closedWithin, undefined)
    await deadLetters.bury(letter)
    await deadLetters.close(700)
    assert.equal(log.closedWithin, 700)
  })
})
