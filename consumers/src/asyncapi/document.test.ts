import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { z } from 'zod'
import { asyncApi, bytes, message, service } from '../index.ts'

const Tree = z.object({
  name: z.string(),
  get children() {
    return z.array(Tree)
  },
})

const orders = service(
  'orders',
  [
    message('order.place', {
      opcode: 0x0101,
      input: z.object({ item: z.string().min(1), count: z.int().default(1) }),
      output: z.object({ id: z.number() }),
      timeout: '5s',
      priority: 'critical',
    }).handle(({ count }) => ({ id: count })),
    message('order.seen', { oneWay: true, input: bytes, order: 'none' }).handle(() => undefined),
    message('order.tree', { input: Tree, output: Tree }).handle(tree => tree),
  ],
  { version: '3' },
)

describe('the document of routes', () => {
  const document = asyncApi([orders], { servers: { production: 'tcp://gateway.example:7400', browsers: 'wss://gateway.example/ws' } })

  test('has a channel for each, with what it takes and answers', () => {
    assert.deepEqual(document.channels['order.place'], {
      address: 'order.place',
      messages: {
        request: {
          payload: {
            type: 'object',
            properties: {
              item: { type: 'string', minLength: 1 },
              count: { type: 'integer', minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER, default: 1 },
            },
            required: ['item'],
          },
        },
        response: { payload: { type: 'object', properties: { id: { type: 'number' } }, required: ['id'], additionalProperties: false } },
      },
      'x-causeway': { service: 'orders', opcode: 257, timeoutMs: 5_000, order: 'session', priority: 'critical' },
    })
    assert.deepEqual(document.channels['order.seen']!.messages, { request: { payload: { description: 'bytes as sent' } } })
  })

  test('has an operation for each, with a reply where it answers', () => {
    assert.deepEqual(document.operations['order.place'], {
      action: 'receive',
      channel: { $ref: '#/channels/order.place' },
      messages: [{ $ref: '#/channels/order.place/messages/request' }],
      reply: { channel: { $ref: '#/channels/order.place' }, messages: [{ $ref: '#/channels/order.place/messages/response' }] },
    })
    assert.deepEqual(Object.keys(document.operations['order.seen']!), ['action', 'channel', 'messages'])
  })

  test('names its services, version and servers', () => {
    assert.deepEqual([document.info.title, document.info.version], ['orders', '3'])
    assert.deepEqual(document.servers, {
      production: { host: 'gateway.example:7400', protocol: 'tcp' },
      browsers: { host: 'gateway.example', protocol: 'wss', pathname: '/ws' },
    })
  })

  test('refers to itself where a schema refers to itself', () => {
    const payload = document.channels['order.tree']!.messages.request!.payload
    const found = JSON.stringify(payload).match(/"\$ref":"([^"]+)"/)?.[1]
    assert.match(found!, /^#\/channels\/order\.tree\/messages\/request\/payload/)
  })

  test('says of a schema that it can not tell that it can not', () => {
    const made = asyncApi([service('s', [message('when', { input: z.date() }).handle(() => undefined)])])
    assert.match(String(made.channels.when!.messages.request!.payload.description), /^not to be said in JSON Schema: /)
  })
})

test('what a handler answers is held against its output by the compiler', () => {
  const declared = message('typed', { output: z.object({ id: z.number() }) })
  declared.handle(() => ({ id: 1 }))
  declared.handle(async () => ({ id: 1 }))
  declared.handle(async function* () {
    yield { id: 1 }
  })
  // @ts-expect-error an id is a number
  declared.handle(() => ({ id: 'one' }))
})
