import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { bucketOf, decodeRecordHeader, murmur2, utf8Encode } from '@causeway/protocol'
import type { WaitingEmit } from '@causeway/sessions'
import { silentLogger } from '@causeway/telemetry'
import { until } from '@causeway/testing'
import { Counters } from '../counters.ts'
import { RELAY_BATCH } from '../effects/limits.ts'
import { FakeLog } from '../stores.fixture.ts'
import { packEmit } from './emit-record.ts'
import { EmitRelay } from './emit-relay.ts'
import { sourceId, sourceOf } from './source.ts'

const SOURCE = '~cart~s1~stock'

/** Outboxes in memory. */
class FakeEmits {
  readonly outboxes = new Map<number, WaitingEmit[]>()
  readonly reads: number[] = []
  /** Calls that take away and fail before one succeeds. */
  failures = 0

  add(bucket: number, ...numbers: number[]): void {
    const about = {
      service: 'stock',
      route: 'stock.take',
      opcode: 7,
      codec: 1,
      deadline: 0,
      principal: 'p;1',
      traceparent: 'trace',
      hops: 2,
    }
    const emits = numbers.map(n => ({
      ...{ id: `${n}-0`, msgId: n, prev: n - 1, incarnation: 'inc' },
      record: packEmit({ ...about, source: SOURCE, key: `cart/s1/${n}/1` }, Buffer.from(`${n}`)),
    }))
    this.outboxes.set(bucket, [...(this.outboxes.get(bucket) ?? []), ...emits])
  }

  async emits(_service: string, bucket: number, limit: number): Promise<WaitingEmit[]> {
    this.reads.push(bucket)
    return (this.outboxes.get(bucket) ?? []).slice(0, limit)
  }

  async relayed(_service: string, bucket: number, ids: readonly string[]): Promise<void> {
    if (this.failures-- > 0) throw Object.assign(new Error('gone'), { name: 'MaxRetriesPerRequestError' })
    const left = (this.outboxes.get(bucket) ?? []).filter(({ id }) => !ids.includes(id))
    this.outboxes.set(bucket, left)
  }

  async emitsWaiting(_service: string, buckets: readonly number[]): Promise<number[]> {
    return buckets.map(bucket => this.outboxes.get(bucket)?.length ?? 0)
  }

  get waiting(): number {
    return [...this.outboxes.values()].reduce((sum, emits) => sum + emits.length, 0)
  }
}

function bench() {
  const sessions = new FakeEmits()
  const log = new FakeLog()
  const counters = new Counters()
  const relay = new EmitRelay({ service: 'cart', sessions, log: log.port, partitions: 4, replication: 1, counters, logger: silentLogger })
  return { sessions, log, counters, relay }
}

const numbersOf = (log: FakeLog): number[] => log.appended.map(({ header }) => decodeRecordHeader(header).msgId)

describe('a relay', () => {
  test('appends what lies in a bucket, in order, as notifications of the source, and takes it away', async () => {
    const { sessions, log, relay, counters } = bench()
    const all = Array.from({ length: 2 * RELAY_BATCH + 1 }, (_, index) => index + 1)
    sessions.add(3, ...all)
    relay.due(3)
    await until(() => sessions.waiting === 0)
    await relay.close(1_000)
    assert.deepEqual([numbersOf(log), counters.emitsRelayed], [all, all.length])
    const { topic, partition, key, value, header, traceparent } = log.appended[0]
    assert.deepEqual(
      [topic, partition, key, String(value), traceparent],
      ['causeway.stock.requests', bucketOf(SOURCE) % 4, SOURCE, '1', 'trace'],
    )
    assert.deepEqual(decodeRecordHeader(header), {
      ...{ msgId: 1, prev: 0, kind: 'notify', codec: 1, opcode: 7, deadline: 0, route: 'stock.take', gateway: '', epoch: 1 },
      ...{ incarnation: 'inc', principal: 'p;1', key: 'cart/s1/1/1', resent: false, hops: 2 },
    })
  })

  test("makes records of a topic of the user's own, on as many partitions as it has, with the session as key", async () => {
    const { sessions, log, relay } = bench()
    log.topics.set('shop.orders', 3)
    for (const topic of ['shop.orders', 'shop.new']) {
      const head = {
        topic,
        session: 's1',
        source: '',
        service: '',
        route: '',
        opcode: 0,
        codec: 1,
        deadline: 0,
        principal: 'p',
        key: 'cart/s1/1/1',
      }
      const record = packEmit({ ...head, traceparent: undefined }, Buffer.from('{}'))
      sessions.outboxes.set(3, [...(sessions.outboxes.get(3) ?? []), { id: topic, msgId: 0, prev: 0, incarnation: '', record }])
    }
    relay.due(3)
    await until(() => sessions.waiting === 0)
    await relay.close(1_000)
    assert.deepEqual(
      log.appended.map(({ topic, partition, key }) => [topic, partition, key]),
      [
        ['shop.orders', (murmur2(utf8Encode('s1')) & 0x7fffffff) % 3, 's1'],
        ['shop.new', bucketOf('s1') % 4, 's1'],
      ],
    )
    const { kind, key } = decodeRecordHeader(log.appended[0].header)
    assert.deepEqual([kind, key, log.topics.get('shop.new')], ['event', 'cart/s1/1/1', 4])
  })

  test('takes away nothing that the log has not confirmed', async () => {
    const { sessions, log, relay } = bench()
    log.holding = true
    sessions.add(3, 1, 2)
    relay.due(3)
    await until(() => log.held === 2)
    assert.equal(sessions.waiting, 2)
    log.letGo()
    await until(() => sessions.waiting === 0)
    await relay.close(1_000)
  })

  test('that could not take away what it appended tries again until it can', async () => {
    const { sessions, log, relay } = bench()
    sessions.failures = 2
    sessions.add(3, 1)
    relay.due(3)
    await until(() => sessions.waiting === 0)
    await relay.close(1_000)
    assert.deepEqual(numbersOf(log), [1])
  })

  test('finds what former owners have left in the buckets that it is given, and says how much', async () => {
    const { sessions, log, relay } = bench()
    sessions.add(3, 1)
    sessions.add(7, 2)
    sessions.add(8, 3)
    relay.assigned([3, 7])
    await until(() => log.appended.length === 2)
    assert.equal(relay.waiting, 2)
    await until(() => sessions.waiting === 1)
    relay.look()
    await until(() => relay.waiting === 0)
    await relay.close(1_000)
    assert.deepEqual(numbersOf(log).sort(), [1, 2])
  })

  test('goes on behind an emit that the log will never take, and counts it', async () => {
    const { sessions, log, relay, counters } = bench()
    log.refusing = 'TOO_LARGE'
    sessions.add(3, 1)
    relay.due(3)
    await until(() => sessions.waiting === 0)
    await relay.close(1_000)
    assert.deepEqual([counters.emitsRefused, counters.emitsRelayed], [1, 0])
  })

  test('that is closed leaves the rest to others', async () => {
    const { sessions, log, relay } = bench()
    log.holding = true
    sessions.add(3, 1)
    relay.due(3)
    await until(() => log.held === 1)
    await relay.close(10)
    relay.due(3)
    assert.deepEqual([sessions.waiting, sessions.reads], [1, [3]])
  })
})

describe('the source of an emit', () => {
  test('is readable while it is short, and a digest of its session beyond', () => {
    assert.equal(sourceId('cart', 's1', 'stock'), SOURCE)
    const long = sourceId('cart', 's'.repeat(200), 'stock')
    assert.match(long, /^~cart~[\w-]{22}~stock$/)
    assert.equal(long, sourceId('cart', 's'.repeat(200), 'stock'))
    assert.notEqual(long, sourceId('cart', `${'s'.repeat(199)}t`, 'stock'))
  })

  test('of a client is none, whatever key it sends', () => {
    const header = { key: 'cart/s1/4/2' } as never
    assert.equal(sourceOf({ session: 's1', header } as never), undefined)
    assert.deepEqual(sourceOf({ session: SOURCE, header } as never), { service: 'cart', session: 's1', msgId: 4 })
    assert.equal(sourceOf({ session: '~Zk3xQ', header } as never), undefined)
  })
})
