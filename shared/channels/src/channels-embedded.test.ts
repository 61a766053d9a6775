import assert from 'node:assert/strict'
import { test } from 'node:test'
import { channelsConformance } from './channels.conformance.ts'
import { KEPT_MS } from './channels.ts'
import { embeddedChannels } from './channels-embedded.ts'

channelsConformance({ name: 'embedded', open: async () => embeddedChannels() })

test('what is older than five minutes is kept no more', async () => {
  let now = 1_000_000
  const channels = embeddedChannels(() => now)
  await channels.publish('news', new Uint8Array(1), 0)
  now += KEPT_MS / 2
  const second = await channels.publish('news', new Uint8Array(1), 0)
  now += KEPT_MS / 2 + 1
  const { messages } = await channels.read('news', 0, 10)
  assert.deepEqual(
    messages.map(({ offset }) => offset),
    [second],
  )
})
