import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CHANNEL } from './channel-frames.ts'
import { EchoChannels } from './echo-channels.ts'

test('a message reaches who listens to its channel, and no one else', async () => {
  const channels = new EchoChannels()
  const heard: string[] = []
  const handlers = (name: string) => ({ message: (channel: string) => void heard.push(`${name}: ${channel}`), lost() {} })
  const one = await channels.listen(handlers('one'))
  const other = await channels.listen(handlers('other'))
  await one.add(CHANNEL)
  await other.add('another')
  await channels.publish(CHANNEL)
  await one.remove(CHANNEL)
  await channels.publish(CHANNEL)
  assert.deepEqual(heard, [`one: ${CHANNEL}`])
})
