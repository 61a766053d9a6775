import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { connect } from './index.ts'

interface Routes {
  'order.place': { input: { item: string }; output: { id: number } }
  'demo.reject': { input: unknown; output: unknown }
}

type Connected = Awaited<ReturnType<typeof connect<Routes>>>

test('a client whose routes are known takes what they take, and answers what they answer', () => {
  // for the compiler alone
  const uses = async (client: Connected): Promise<number> => {
    await client.request('demo.reject')
    await client.notify('order.place', { item: 'tea' }, { timeout: 1_000 })
    // @ts-expect-error no such route
    await client.request('order.plaice', { item: 'tea' })
    // @ts-expect-error an item is a text
    await client.request('order.place', { item: 1 })
    // @ts-expect-error an order needs its item
    await client.request('order.place')
    for await (const { id } of client.stream('order.place', { item: 'tea' })) return id
    const { id } = await client.request('order.place', { item: 'tea' })
    await client.close()
    return id
  }
  assert.equal(typeof uses, 'function')
})
