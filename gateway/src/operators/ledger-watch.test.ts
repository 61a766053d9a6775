import assert from 'node:assert/strict'
import { describe, mock, test } from 'node:test'
import type { Log, PartitionLag } from '@causeway/log'
import type { Ledger, Sessions } from '@causeway/sessions'
import { silentLogger } from '@causeway/telemetry'
import { LEDGER_ALERT_CHECKS, LEDGER_CHECK_MS } from '../limits.ts'
import { LedgerWatch } from './ledger-watch.ts'

const PARTITIONS = 4

/** A store and a log that say what a test lays into them. */
function books() {
  const ended = { answered: 0, notified: 0, rejected: 0, failed: 0, deadLettered: 0, timedOut: 0, cancelled: 0, expired: 0 }
  const ledger = { accepted: 0, ended, parked: 0, retrying: 0, inFlight: new Array<number>(256).fill(0) } satisfies Ledger
  const asked: number[][] = []
  const lags: PartitionLag[] = Array.from({ length: PARTITIONS }, (_, partition) => ({ partition, end: 0, committed: 0 }))
  const sessions = {
    ledger: async () => ledger,
    inFlight: async (buckets: number[]) => {
      asked.push(buckets)
      return [{ session: 'lost-one', inFlight: 1 }]
    },
  } as unknown as Sessions
  const log = { lag: async () => lags } as unknown as Log
  const errors: object[] = []
  const logger = { ...silentLogger, error: (about: object) => void errors.push(about), debug: () => undefined } as typeof silentLogger
  const watch = new LedgerWatch({ sessions, log, services: () => ['orders'], partitions: PARTITIONS, logger })
  return { ledger, lags, watch, errors, asked }
}

describe('the ledger watch', () => {
  test('finds the books balanced while the log may still hold all that is in flight', async () => {
    const { ledger, lags, watch } = books()
    ledger.inFlight[5] = 3
    lags[1] = { partition: 1, end: 10, committed: 7 }
    const report = await watch.read()
    assert.deepEqual([report.balanced, report.difference, report.inFlight, report.logUnfinished], [true, 0, 3, 3])
  })

  test('finds what is in flight and not in its own partition of the log, however much another holds', async () => {
    const { ledger, lags, watch } = books()
    ledger.inFlight[5] = 3
    lags[0] = { partition: 0, end: 100, committed: 0 }
    lags[1] = { partition: 1, end: 10, committed: 9 }
    assert.equal((await watch.read()).difference, 2)
  })

  test('finds a bucket that ended more than it accepted', async () => {
    const { ledger, lags, watch } = books()
    ledger.inFlight[6] = -1
    lags[2] = { partition: 2, end: 5, committed: 0 }
    assert.equal((await watch.read()).difference, 1)
  })

  test('tells a difference that lasts, and names its sessions; one that passes is no alert', async t => {
    t.mock.timers.enable({ apis: ['setInterval'] })
    const { ledger, watch, errors, asked } = books()
    const check = async (): Promise<void> => {
      t.mock.timers.tick(LEDGER_CHECK_MS)
      await new Promise(resolve => setImmediate(resolve))
      await new Promise(resolve => setImmediate(resolve))
    }
    watch.start()
    ledger.inFlight[9] = 1
    await check()
    ledger.inFlight[9] = 0
    await check()
    ledger.inFlight[9] = 1
    for (let checks = 1; checks < LEDGER_ALERT_CHECKS; checks++) await check()
    assert.deepEqual(errors, [])
    assert.deepEqual(watch.last?.sessions, [])
    await check()
    assert.equal(errors.length, 1)
    assert.deepEqual(asked, [[9]])
    assert.deepEqual(watch.last?.sessions, [{ session: 'lost-one', inFlight: 1 }])
    watch.stop()
    mock.reset()
  })
})
