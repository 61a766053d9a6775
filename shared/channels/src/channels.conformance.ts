import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { Codec, decodeFrame, FrameType } from '@causeway/protocol'
import { uniqueName, until } from '@causeway/testing'
import { type ChannelMessage, type Channels, KEPT_MESSAGES } from './channels.ts'

export interface ChannelsAdapter {
  name: string
  /** Opens it for one test; the same store for each call of that test. */
  open(context: TestContext): Promise<Channels>
  /** Cuts every connection that listens, as a network does; absent where there is none. */
  cut?(): Promise<void>
}

const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value))
const bodyOf = ({ frame }: ChannelMessage): unknown => JSON.parse(Buffer.from(decodeFrame(frame).payload).toString())

/** Listens to channels, and remembers what came. */
async function listening(context: TestContext, channels: Channels, ...names: string[]) {
  const heard: { channel: string; message: ChannelMessage }[] = []
  const state = {
    heard,
    lost: 0,
    listening: await channels.listen({
      message: (channel, message) => void heard.push({ channel, message }),
      lost: () => void state.lost++,
    }),
  }
  context.after(() => state.listening.close())
  for (const name of names) await state.listening.add(name)
  return state
}

export function channelsConformance({ name, open, cut }: ChannelsAdapter): void {
  describe(`channels conformance: ${name}`, () => {
    test('a message is one frame for everybody: a PUSH with the channel and its offset', async context => {
      const channels = await open(context)
      const channel = uniqueName('news')
      const { heard } = await listening(context, channels, channel)
      const offset = await channels.publish(channel, json({ n: 1 }), Codec.JSON)
      await until(() => heard.length === 1)
      const frame = decodeFrame(heard[0].message.frame)
      assert.deepEqual(
        [frame.type, frame.seq, frame.codec, frame.metadata, Buffer.from(frame.payload).toString()],
        [FrameType.PUSH, 0, Codec.JSON, { channel, channelOffset: BigInt(offset) }, '{"n":1}'],
      )
      assert.deepEqual([heard[0].channel, heard[0].message.offset], [channel, offset])
    })

    test('offsets rise, each message names the one before it, and readers and listeners meet them in one order', async context => {
      const channels = await open(context)
      const channel = uniqueName('news')
      const { heard } = await listening(context, channels, channel)
      const offsets = await Promise.all(Array.from({ length: 50 }, (_, n) => channels.publish(channel, json(n), Codec.JSON)))
      await until(() => heard.length === 50)
      const { messages, last } = await channels.read(channel, 0, 100)
      assert.deepEqual(
        messages.map(bodyOf),
        heard.map(({ message }) => bodyOf(message)),
      )
      assert.deepEqual(
        messages.map(({ offset }) => offset),
        offsets.toSorted((a, b) => a - b),
      )
      assert.deepEqual(
        messages.map(({ before }) => before),
        [0, ...messages.slice(0, -1).map(({ offset }) => offset)],
      )
      assert.equal(last, messages[49].offset)
    })

    test('reads on from any offset, at most as many as asked', async context => {
      const channels = await open(context)
      const channel = uniqueName('news')
      const offsets: number[] = []
      for (let n = 0; n < 5; n++) offsets.push(await channels.publish(channel, json(n), Codec.JSON))
      const part = await channels.read(channel, offsets[1], 2)
      assert.deepEqual([part.messages.map(bodyOf), part.last], [[2, 3], offsets[4]])
      assert.deepEqual(await channels.read(channel, offsets[4], 2), { messages: [], last: offsets[4] })
    })

    test(`keeps the last ${KEPT_MESSAGES}, and tells by the one before that others came earlier`, async context => {
      const channels = await open(context)
      const channel = uniqueName('news')
      const offsets: number[] = []
      for (let n = 0; n < KEPT_MESSAGES + 10; n += 10) {
        offsets.push(...(await Promise.all(Array.from({ length: 10 }, () => channels.publish(channel, json(n), Codec.JSON)))))
      }
      offsets.sort((a, b) => a - b)
      const { messages } = await channels.read(channel, 0, KEPT_MESSAGES * 2)
      assert.equal(messages.length, KEPT_MESSAGES)
      assert.deepEqual([messages[0].offset, messages[0].before], [offsets[10], offsets[9]])
    })

    test('the name of a channel is no part of another', async context => {
      const channels = await open(context)
      const channel = uniqueName('news')
      for (const name of [channel, `${channel}:last`, `last:${channel}`]) {
        const offset = await channels.publish(name, json(name), Codec.JSON)
        assert.deepEqual((await channels.read(name, 0, 10)).last, offset)
      }
    })

    test('what is told reaches who listens, without a number, and is not kept', async context => {
      const channels = await open(context)
      const channel = uniqueName('told')
      const { heard } = await listening(context, channels, channel)
      await channels.tell(channel, json('now'), Codec.JSON)
      await until(() => heard.length === 1)
      const { message } = heard[0]
      assert.deepEqual([bodyOf(message), message.offset, message.before], ['now', 0, 0])
      assert.deepEqual(await channels.read(channel, 0, 10), { messages: [], last: 0 })
    })

    test('a channel that nobody has published to has nothing', async context => {
      assert.deepEqual(await (await open(context)).read(uniqueName('silent'), 7, 10), { messages: [], last: 0 })
    })

    test('listens to what was added, until it is removed', async context => {
      const channels = await open(context)
      const [one, other] = [uniqueName('one'), uniqueName('other')]
      const { heard, listening: listener } = await listening(context, channels, one, other)
      await channels.publish(one, json(1), Codec.JSON)
      await until(() => heard.length === 1)
      await listener.remove(one)
      await channels.publish(one, json(2), Codec.JSON)
      await channels.publish(other, json(3), Codec.JSON)
      await until(() => heard.length === 2)
      assert.deepEqual(
        heard.map(({ channel, message }) => [channel, bodyOf(message)]),
        [
          [one, 1],
          [other, 3],
        ],
      )
    })

    test('any text is a name, and bytes are carried as they are', async context => {
      const channels = await open(context)
      const channel = `${uniqueName('räume')}/*:{x} 1`
      const { heard } = await listening(context, channels, channel)
      await channels.publish(channel, Uint8Array.of(0, 255, 10), Codec.BYTES)
      await until(() => heard.length === 1)
      assert.deepEqual([heard[0].channel, [...decodeFrame(heard[0].message.frame).payload]], [channel, [0, 255, 10]])
    })

    if (cut !== undefined) {
      test('a listener whose connection broke is told, and hears again', async context => {
        const channels = await open(context)
        const channel = uniqueName('news')
        const state = await listening(context, channels, channel)
        await cut()
        await until(() => state.lost === 1, { timeoutMs: 10_000 })
        await channels.publish(channel, json(1), Codec.JSON)
        await until(() => state.heard.length === 1)
      })
    }
  })
}
