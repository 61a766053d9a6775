import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { FlightSender } from './flight-sender.ts'
import { lazySender } from './flight-sender-lazy.ts'

/** A sender whose first connections fail, as often as said. */
function sender(failures: number) {
  const seen = { opened: 0, closed: 0 }
  const opened: FlightSender = {
    send: async () => new Set(['topic:0']),
    forgetMetadata: async () => {},
    async close() {
      seen.closed++
    },
  }
  const lazy = lazySender(async () => {
    seen.opened++
    if (seen.opened <= failures) throw new Error('no broker answers')
    return opened
  })
  return { seen, lazy }
}

describe('a sender that connects by itself', () => {
  test('connects once', async () => {
    const { seen, lazy } = sender(0)
    await lazy.send([])
    assert.deepEqual([await lazy.send([]), seen.opened], [new Set(['topic:0']), 1])
  })

  test('tries again at the next use when it could not connect', async () => {
    const { seen, lazy } = sender(2)
    await assert.rejects(lazy.send([]), /no broker answers/)
    await assert.rejects(lazy.send([]), /no broker answers/)
    assert.deepEqual([await lazy.send([]), seen.opened], [new Set(['topic:0']), 3])
  })

  test('is closed without connecting for it', async () => {
    const { seen, lazy } = sender(1)
    await assert.rejects(lazy.send([]), /no broker answers/)
    await lazy.close()
    assert.deepEqual(seen, { opened: 1, closed: 0 })
  })

  test('closes the connection it has', async () => {
    const { seen, lazy } = sender(0)
    await lazy.close()
    assert.deepEqual(seen, { opened: 1, closed: 1 })
  })
})
