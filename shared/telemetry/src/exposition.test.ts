import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Exposition } from './exposition.ts'
import { Metrics } from './metrics.ts'

function metrics(service: string, messages: number): Metrics {
  const made = new Metrics({ service })
  made.counter('messages_total', 'Messages', () => messages)
  made.counters('ends_total', 'Ends', 'outcome', () => ({ replied: messages, expired: 0 }))
  return made
}

const lines = (text: string, pattern: RegExp): string[] => text.split('\n').filter(line => pattern.test(line))

test("a process's metrics come with Node's own", async () => {
  const text = await new Exposition([metrics('orders', 3)]).text()
  assert.deepEqual(lines(text, /^messages_total/), ['messages_total{service="orders"} 3'])
  assert.equal(lines(text, /^process_cpu_seconds_total\b/).length, 1)
})

test('a name of several is described once, with the samples of all; the process is told of once', async () => {
  const text = await new Exposition([metrics('orders', 3), metrics('stock', 5)]).text()
  assert.deepEqual(lines(text, /messages_total/), [
    '# HELP messages_total Messages',
    '# TYPE messages_total counter',
    'messages_total{service="orders"} 3',
    'messages_total{service="stock"} 5',
  ])
  assert.equal(lines(text, /^ends_total/).length, 4)
  assert.equal(lines(text, /^process_cpu_seconds_total\b/).length, 1)
  const described = lines(text, /^# TYPE/)
  assert.equal(new Set(described).size, described.length)
})
