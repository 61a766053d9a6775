import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { message } from '../route.ts'
import { service } from '../service.ts'
import { testKit } from './test-kit.ts'

test('a service under test is configured as by the central configuration', async () => {
  const heard: unknown[] = []
  const limit = message('limit').handle((_input, ctx) => ctx.config('limit', 10))
  const orders = service('orders', [limit], { config: z.object({ limit: z.number().max(50) }) }).onConfig('limit', (value, before) =>
    heard.push([value, before]),
  )
  using kit = testKit(orders)
  assert.equal(await kit.request('limit'), 10)
  await kit.configure({ limit: 20 })
  assert.equal(await kit.request('limit'), 20)
  await assert.rejects(kit.configure({ limit: 100 }), /config\/limit/)
  assert.equal(await kit.request('limit'), 20)
  assert.deepEqual(heard, [[20, undefined]])
})
