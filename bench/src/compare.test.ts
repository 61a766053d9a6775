import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { compare } from './compare.ts'
import { findProgram } from './external-server.ts'
import { FASTIFY } from './peers/fastify.ts'
import { NET } from './peers/net.ts'
import { WS } from './peers/ws.ts'
import { performancePage } from './performance-page.ts'
import { BROAD } from './shapes.ts'
import type { Subject } from './subject.ts'
import type { TrialGroup } from './trial.ts'

/** How it works, not how fast: a few connections for a moment. */
const SHAPE = { ...BROAD, name: '3 x 2', connections: 3, depth: 2, generators: 2 }
const plan = { subjects: [], trials: [], shapes: [SHAPE], rounds: 1, seconds: 0.2, command: 'a test' }
const quickly = (subject: Subject): Subject => ({ ...subject, firstWarmUpMs: 50 })

describe('a comparison', () => {
  test('measures systems that run as processes of their own, in turn', async () => {
    const told: string[] = []
    const compared = await compare({ ...plan, subjects: [NET, WS, FASTIFY].map(quickly) }, line => told.push(line))
    const order = told.filter(line => line.startsWith('round')).map(line => line.split(',')[0])
    assert.deepEqual(order, ['round 1: net echo', 'round 1: ws echo', 'round 1: Fastify JSON'])
    for (const { name, rows, notMeasured } of compared.subjects) {
      assert.deepEqual(notMeasured, [], name)
      assert.ok(rows[0].roundTripsPerSecond.median > 0 && rows[0].p99Ms.median >= rows[0].p50Ms.median, name)
    }
    assert.ok(performancePage(compared).markdown.includes('| ws echo |'))
  })

  test('names what is not installed, and measures the rest', async () => {
    const absent: Subject = { ...NET, name: 'absent', start: async () => assert.fail(findProgram('no-such-server', 'no-such-package')) }
    const trials: TrialGroup = {
      ...{ id: 'counting', name: 'Counting', what: 'to three' },
      start: async () => ({
        trials: [
          { name: 'one', unit: 'numbers', run: async () => ({ perSecond: 3, cpuSecondsPer1000: {} }) },
          { name: 'two', unit: 'numbers', run: () => Promise.reject(new Error('no more fingers')) },
        ],
        versions: {},
        [Symbol.asyncDispose]: async () => {},
      }),
    }
    const { subjects, trials: found } = await compare({ ...plan, subjects: [absent], trials: [trials] }, () => {})
    assert.deepEqual(subjects[0].notMeasured, ['no-such-server is not installed (apt-get install no-such-package)'])
    assert.deepEqual(found[0].notMeasured, ['two: no more fingers'])
    assert.equal(found[0].rows[0].perSecond.median, 3)
  })

  test('ends where a start fails for another reason, and leaves nothing running', async () => {
    let closed = 0
    const system = {
      port: 0,
      generator: new URL('file:///none'),
      processes: {},
      versions: {},
      [Symbol.asyncDispose]: async () => void closed++,
    }
    const good: Subject = { ...NET, start: async () => system }
    const bad: Subject = { ...NET, start: () => Promise.reject(new Error('broken')) }
    await assert.rejects(
      compare({ ...plan, subjects: [good, bad] }, () => {}),
      /broken/,
    )
    assert.equal(closed, 1)
  })
})
