import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { SCHEMA_BYTES } from '@causeway/registry'
import * as z from 'zod'
import { bytes, message } from '../route.ts'
import { service } from '../service.ts'
import { routeSchemas } from './route-schemas.ts'

const nothing = () => undefined

describe('schemas that the registry is told', () => {
  test('are those of routes that have one, with their track', () => {
    const orders = service(
      'orders',
      [
        message('order.place', { input: z.object({ item: z.string() }), output: z.number() }).handle(() => 1),
        message('order.raw', { input: bytes }).handle(nothing),
        message('order.any').handle(nothing),
      ],
      { track: 'canary' },
    )
    const { schemas, left } = routeSchemas(orders)
    assert.deepEqual(
      schemas.map(({ route, track }) => [route, track]),
      [
        ['order.place', 'canary'],
        ['order.raw', 'canary'],
      ],
    )
    const [place] = schemas
    assert.deepEqual((place.input as { required: string[] }).required, ['item'])
    assert.deepEqual(place.output, { type: 'number' })
    assert.deepEqual(left, [])
  })

  test('that are too long are left out, and named', () => {
    const long = z.object({ note: z.string().describe('x'.repeat(SCHEMA_BYTES)) })
    const { schemas, left } = routeSchemas(service('orders', [message('order.long', { input: long }).handle(nothing)]))
    assert.deepEqual([schemas, left], [[], ['order.long']])
  })
})
