import { describe, test } from 'node:test'
import { effects } from './effects.conformance.ts'
import { finishing } from './finishing.conformance.ts'
import type { OnSessions, OpenedSessions, SessionsCapabilities } from './fixture.conformance.ts'
import { leasing } from './leasing.conformance.ts'
import { ledger } from './ledger.conformance.ts'
import { outboxes } from './outboxes.conformance.ts'
import { streaming } from './streaming.conformance.ts'
import { waking } from './waking.conformance.ts'

export type { OpenedSessions, SessionsCapabilities } from './fixture.conformance.ts'

/** What any store of sessions must show. Session and gateway names are fresh, so that suites may share a Redis. */
export function sessionsConformance(name: string, open: () => Promise<OpenedSessions>, capabilities: SessionsCapabilities): void {
  const onSessions: OnSessions = (behaviour, run, options = {}) =>
    test(behaviour, options, async () => {
      const opened = await open()
      try {
        await run(opened)
      } finally {
        await opened.close()
      }
    })
  describe(`sessions conformance: ${name}`, () => {
    describe('finishing', () => finishing(onSessions, capabilities))
    describe('effects', () => effects(onSessions, capabilities))
    describe('streams', () => streaming(onSessions))
    describe('outboxes', () => outboxes(onSessions, capabilities))
    describe('waking', () => waking(onSessions, capabilities))
    describe('leases', () => leasing(onSessions, capabilities))
    describe('ledger', () => ledger(onSessions, capabilities))
  })
}
