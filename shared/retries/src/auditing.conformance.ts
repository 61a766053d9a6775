import assert from 'node:assert/strict'
import { unless } from '@causeway/testing'
import type { AuditEntry } from './audit.ts'
import type { OnRetries, RetriesCapabilities } from './fixture.conformance.ts'

const entry = (at: number): AuditEntry => ({
  at,
  by: 'ann',
  from: '127.0.0.1',
  action: 'replay',
  reason: `because ${at}`,
  details: { ids: [`${at}`] },
})

/** What operators changed is kept, in order. */
export function auditing(onRetries: OnRetries, capabilities: RetriesCapabilities): void {
  onRetries('keeps what was changed, newest first', async ({ retries }) => {
    assert.deepEqual(await retries.audit.list(10), [])
    for (const at of [1, 2, 3]) await retries.audit.record(entry(at))
    assert.deepEqual(await retries.audit.list(2), [entry(3), entry(2)])
  })

  onRetries(
    'has it after a crash, and goes on behind it',
    async opened => {
      await opened.retries.audit.record(entry(1))
      const { retries } = await opened.crash!()
      await retries.audit.record(entry(2))
      assert.deepEqual(await retries.audit.list(10), [entry(2), entry(1)])
    },
    unless(capabilities.crashes),
  )
}
