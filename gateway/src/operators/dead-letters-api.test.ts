import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { KnownRoute } from '@causeway/registry'
import type { AuditEntry, DeadLetterEntry, DeadLetterQuery, LetterName, ReplayBatch, ReplayOrder, Retries } from '@causeway/retries'
import Fastify from 'fastify'
import { deadLettersApi } from './dead-letters-api.ts'

const LETTER = {
  ...{
    id: 'a-1-dead',
    service: 'demo',
    session: 'a',
    msgId: 1,
    bucket: 7,
    incarnation: 'inc-1',
    route: 'demo.fail',
    reason: 'gave up',
    deadAt: 5,
    attempts: 1,
  },
  ...{ header: '1;1;0;r;1;0;0;demo.fail;gw-1;1;inc-1;ann;;', value: Buffer.from('{"order":5}'), errors: [], replays: [] },
} satisfies DeadLetterEntry

/** The API on dead letters in memory: one, `a-1-dead` of service demo. */
function api() {
  const orders: { order: ReplayOrder; letters: readonly LetterName[] }[] = []
  const queries: DeadLetterQuery[] = []
  const audited: AuditEntry[] = []
  const ended = { answered: 0, rejected: 0, failed: 0, cancelled: 0 }
  const batch = (order: ReplayOrder, total: number): ReplayBatch => ({
    ...order,
    id: 'b1',
    at: 1,
    state: 'running',
    total,
    ended,
    refused: 0,
    refusals: {},
  })
  const deadLetters = {
    find: async (ids: readonly string[]) => ids.map(id => (id === LETTER.id ? { service: 'demo', id } : undefined)),
    get: async () => LETTER,
    async list(query: DeadLetterQuery) {
      queries.push(query)
      if (query.before !== undefined) throw new RangeError('before is no cursor')
      return { letters: [{ ...LETTER, error: 'Error: broken', bytes: 11, replays: 0 }] }
    },
    async replay(order: ReplayOrder, letters: readonly LetterName[]) {
      orders.push({ order, letters })
      return batch(order, letters.length)
    },
    batch: async () => undefined,
    discard: async (letters: readonly LetterName[]) => letters.map(() => 'discarded'),
  }
  const retries = { deadLetters, audit: { record: async (entry: AuditEntry) => void audited.push(entry) } } as unknown as Retries
  const server = Fastify()
  const routes = [{ name: 'echo', service: 'demo' } as KnownRoute, { name: 'pay', service: 'bank' } as KnownRoute]
  deadLettersApi(server, { retries, routes: () => routes, maxPayload: 1_000 })
  const call = async (method: 'GET' | 'POST' | 'DELETE', url: string, body?: unknown, headers: Record<string, string> = {}) => {
    const payload = body === undefined ? {} : { payload: JSON.stringify(body), headers: { 'content-type': 'application/json', ...headers } }
    const response = await server.inject({ method, url: `/api/${url}`, ...payload })
    return { status: response.statusCode, type: response.headers['content-type'], body: response.json() as Record<string, unknown> }
  }
  return { call, orders, queries, audited, deadLetters }
}

const replay = (changes: object = {}) => ({ ids: [LETTER.id], reason: 'mended', ...changes })

describe("operators' dead letters", () => {
  test('are listed by what the query says', async () => {
    const { call, queries } = api()
    assert.equal((await call('GET', 'dead-letters?route=demo.fail&since=1970-01-01T00:00:01Z&q=broken&limit=7')).status, 200)
    const [query] = queries
    assert.deepEqual(JSON.parse(JSON.stringify(query)), { route: 'demo.fail', since: 1_000, q: 'broken', limit: 7 })
    await call('GET', 'dead-letters?since=2h')
    assert.ok(Math.abs(Date.now() - 7_200_000 - queries[1].since!) < 5_000)
  })

  test('are shown whole, the payload readable', async () => {
    const { body } = await api().call('GET', 'dead-letters/a-1-dead')
    const { payload, headers, message } = body as { payload: unknown; headers: { causeway: string }; message: { principal: string } }
    assert.deepEqual([payload, headers.causeway, message.principal], [{ order: 5 }, LETTER.header, 'ann'])
    assert.equal((await api().call('GET', 'dead-letters/b-1-dead')).status, 404)
  })

  test('are replayed as ordered, once it is in the audit log', async () => {
    const { call, orders, audited } = api()
    const authorization = `Basic ${Buffer.from('ann:secret').toString('base64')}`
    const order = replay({
      ids: [LETTER.id, LETTER.id, 'b-1-dead'],
      deliver: 'push',
      perSecond: 2.5,
      edit: { route: 'echo', payload: { mended: 1 } },
    })
    const { status, body } = await call('POST', 'dead-letters/replay', order, { authorization })
    assert.deepEqual([status, body.id, body.total, body.waiting, body.missing], [202, 'b1', 1, 1, ['b-1-dead']])
    const edit = { route: 'echo', value64: Buffer.from('{"mended":1}').toString('base64'), codec: 1 }
    assert.deepEqual(orders, [
      { order: { by: 'ann', reason: 'mended', deliver: 'push', perSecond: 2.5, edit }, letters: [{ service: 'demo', id: LETTER.id }] },
    ])
    const [{ by, from, action, reason }] = audited
    assert.deepEqual([by, from, action, reason], ['ann', '127.0.0.1', 'replay', 'mended'])
  })

  test('are replayed by a filter', async () => {
    const { call, orders } = api()
    assert.equal((await call('POST', 'dead-letters/replay', { filter: { route: 'demo.fail' }, reason: 'mended' })).status, 202)
    assert.deepEqual([orders[0].letters, orders[0].order.perSecond], [[{ service: 'demo', id: LETTER.id }], 50])
  })

  test('of a dry run stay as they are, and nobody has to say why', async () => {
    const { call, orders, audited } = api()
    for (const what of [{ filter: { all: true } }, { ids: [LETTER.id] }]) {
      const { status, body } = await call('POST', 'dead-letters/replay', { ...what, dryRun: true })
      assert.deepEqual([status, body.dryRun, body.letters, (body.first as { id: string }[])[0].id], [200, true, 1, LETTER.id])
    }
    assert.deepEqual([orders, audited], [[], []])
  })

  test('stay where the audit log cannot be written', async () => {
    const { call, audited, orders } = api()
    audited.push = () => {
      throw new Error('the store is away')
    }
    const { status, body } = await call('POST', 'dead-letters/replay', replay())
    assert.deepEqual([status, body.code, orders], [503, 'BACKEND_UNAVAILABLE', []])
  })

  test('are refused where all are under way', async () => {
    const { call, deadLetters } = api()
    const replayed = deadLetters.replay
    deadLetters.replay = async (order, letters) => ({
      ...(await replayed(order, letters)),
      refused: 1,
      refusals: { [LETTER.id]: 'underWay' },
    })
    const { status, body } = await call('POST', 'dead-letters/replay', replay())
    assert.deepEqual([status, body.code], [409, 'CONFLICT'])
    assert.match(String(body.detail), /a-1-dead is under way/)
  })

  test('are discarded with a reason', async () => {
    const { call, audited } = api()
    const { body } = await call('DELETE', 'dead-letters', { ids: [LETTER.id, 'b-1-dead'], reason: 'settled' })
    assert.deepEqual(body, { discarded: [LETTER.id], underWay: [], missing: ['b-1-dead'] })
    assert.deepEqual([audited[0].action, audited[0].by, audited[0].reason], ['discard', 'operator', 'settled'])
    assert.equal((await call('DELETE', 'dead-letters', { ids: ['b-1-dead'], reason: 'settled' })).status, 404)
  })
})

describe('a wrong call', () => {
  const WRONG: [field: string, body: unknown][] = [
    ['the body', []],
    ['the body', 'text'],
    ['colour', replay({ colour: 'red' })],
    ['ids', { reason: 'x' }],
    ['ids', replay({ filter: { all: true } })],
    ['ids', replay({ ids: [] })],
    ['ids[1]', replay({ ids: ['a', 5] })],
    ['filter', { filter: {}, reason: 'x' }],
    ['session', { filter: { session: 'a' }, reason: 'x' }],
    ['filter.since', { filter: { since: 'soon' }, reason: 'x' }],
    ['filter.all', { filter: { all: false }, reason: 'x' }],
    ['service', { filter: { all: true }, service: 'demo', reason: 'x' }],
    ['dryRun', replay({ dryRun: 'yes' })],
    ['perSecond', replay({ perSecond: 0 })],
    ['perSecond', replay({ perSecond: 5e-324 })],
    ['perSecond', replay({ perSecond: '5' })],
    ['deliver', replay({ deliver: 'mail' })],
    ['edit', replay({ edit: {} })],
    ['edit.route', replay({ edit: { route: 'pay' } })],
    ['edit.payload', replay({ edit: { payload: 1, payload64: 'MQ==' } })],
    ['edit.payload', replay({ edit: { payload: 'x'.repeat(1_000) } })],
    ['edit.payload64', replay({ edit: { payload64: '***' } })],
    ['reason', { ids: ['a'] }],
    ['reason', replay({ reason: '  ' })],
  ]
  for (const [field, body] of WRONG) {
    test(`names ${field}: ${JSON.stringify(body).slice(0, 60)}`, async () => {
      const { call, orders, audited } = api()
      const answer = await call('POST', 'dead-letters/replay', body)
      assert.deepEqual([answer.status, answer.body.code, answer.body.field], [400, 'BAD_PAYLOAD', field], JSON.stringify(answer.body))
      assert.match(String(answer.type), /^application\/problem\+json/)
      assert.deepEqual([orders, audited], [[], []])
    })
  }

  test('names what is wrong in a query', async () => {
    for (const [query, field] of [
      ['limit=0', 'limit'],
      ['since=soon', 'since'],
      ['before=x', 'before'],
      ['colour=red', 'colour'],
    ]) {
      const { status, body } = await api().call('GET', `dead-letters?${query}`)
      assert.deepEqual([status, body.field], [400, field])
    }
  })

  test('about an unknown batch is answered 404', async () => {
    const { call, audited } = api()
    assert.equal((await call('GET', 'dead-letters/replays/nothing')).status, 404)
    assert.equal((await call('POST', 'dead-letters/replays/nothing/cancel', { reason: 'x' })).status, 404)
    assert.deepEqual(audited, [])
  })
})
