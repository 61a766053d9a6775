import { describe, test } from 'node:test'
import { uniqueName } from '@causeway/testing'
import { appending } from './appending.conformance.ts'
import { consuming } from './consuming.conformance.ts'
import { type LogCapabilities, type OnTopic, type OpenedLog, PARTITIONS } from './fixture.conformance.ts'
import { followingRecords } from './following.conformance.ts'
import { groups } from './groups.conformance.ts'

export type { LogCapabilities, OpenedLog } from './fixture.conformance.ts'

/** What any log must show. Topics and groups are fresh, so that suites may share a broker. */
export function logConformance(name: string, open: () => Promise<OpenedLog>, capabilities: LogCapabilities): void {
  describe(`log conformance: ${name}`, () => {
    const onTopic: OnTopic = (behaviour, run, options = {}) =>
      test(behaviour, options, async () => {
        const opened = await open()
        const topic = uniqueName('causeway.test')
        try {
          await opened.log.ensureTopics([{ topic, partitions: PARTITIONS }])
          await run(opened, topic)
        } finally {
          await opened.close()
        }
      })
    describe('appending', () => appending(onTopic))
    describe('consuming', () => consuming(onTopic))
    describe('following', () => followingRecords(onTopic, capabilities))
    describe('groups and operators', () => groups(onTopic, capabilities))
  })
}
