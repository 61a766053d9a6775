import { describe, test } from 'node:test'
import { burying } from './burying.conformance.ts'
import type { OnRetries, OpenedRetries, RetriesCapabilities } from './fixture.conformance.ts'
import { ledger } from './ledger.conformance.ts'
import { parking } from './parking.conformance.ts'
import { retrying } from './retrying.conformance.ts'

export type { OpenedRetries, RetriesCapabilities } from './fixture.conformance.ts'

/** What any retries must show, together with the sessions they unpark by. Service and session names are fresh, so that suites may share a Redis. */
export function retriesConformance(name: string, open: () => Promise<OpenedRetries>, capabilities: RetriesCapabilities): void {
  const onRetries: OnRetries = (behaviour, run, options = {}) =>
    test(behaviour, options, async () => {
      const opened = await open()
      try {
        await run(opened)
      } finally {
        await opened.close()
      }
    })
  describe(`retries conformance: ${name}`, () => {
    describe('retrying', () => retrying(onRetries, capabilities))
    describe('heads and parked messages', () => parking(onRetries, capabilities))
    describe('dead letters', () => burying(onRetries))
    describe('ledger', () => ledger(onRetries, capabilities))
  })
}
