import { describe, test } from 'node:test'
import { auditing } from './auditing.conformance.ts'
import type { OnRetries, OpenedRetries, RetriesCapabilities } from './fixture.conformance.ts'
import { listing } from './listing.conformance.ts'
import { replayBatches } from './replay-batches.conformance.ts'
import { replaying } from './replaying.conformance.ts'

/** What any dead letters must show to operators, and what their replays must be to workers. */
export function deadLettersConformance(name: string, open: () => Promise<OpenedRetries>, capabilities: RetriesCapabilities): void {
  const onRetries: OnRetries = (behaviour, run, options = {}) =>
    test(behaviour, options, async () => {
      const opened = await open()
      try {
        await run(opened)
      } finally {
        await opened.close()
      }
    })
  describe(`dead letters conformance: ${name}`, () => {
    describe('lists', () => listing(onRetries, capabilities))
    describe('replays', () => replaying(onRetries, capabilities))
    describe('batches of replays', () => replayBatches(onRetries, capabilities))
    describe('audit log', () => auditing(onRetries, capabilities))
  })
}
