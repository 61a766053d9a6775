import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { frameName } from './frame-name.ts'

const ROOT = new URL('../../../', import.meta.url).href
const named = (functionName: string, url: string, lineNumber = 119) => frameName({ functionName, url, lineNumber }, 'write')

describe('a frame’s name', () => {
  test('is its package, file and line, without the machine’s paths', () => {
    assert.deepEqual(named('settle', `${ROOT}gateway/src/session.ts`), { group: 'gateway', place: 'session.ts:120 settle' })
    assert.deepEqual(named('append', `${ROOT}shared/log/src/kafka/appender.ts`), { group: 'log', place: 'kafka/appender.ts:120 append' })
  })

  test('of a library is the library’s, however deep it lies', () => {
    const inner = `${ROOT}node_modules/bullmq/node_modules/ioredis/built/Redis.js`
    assert.deepEqual(named('send', inner), { group: 'ioredis', place: 'built/Redis.js:120 send', isLibrary: true })
    const scoped = `${ROOT}node_modules/@platformatic/kafka/dist/writer.js`
    assert.deepEqual(named('', scoped), { group: '@platformatic/kafka', place: 'dist/writer.js:120 (anonymous)', isLibrary: true })
  })

  test('tells Node’s modules and its native functions', () => {
    assert.deepEqual(named('emit', 'node:events', 0), { group: 'node', place: 'events:1 emit' })
    assert.deepEqual(named('writev', ''), { group: 'node', place: 'native writev' })
    assert.deepEqual(named('', ''), { group: 'node', place: 'native in write' })
  })

  test('of what is no function says what it is', () => {
    assert.deepEqual(named('(garbage collector)', ''), { group: 'GC', place: 'garbage collection' })
    assert.equal(named('(program)', '').group, 'native')
  })

  test('of a file elsewhere has nothing of its path', () => {
    assert.deepEqual(named('f', 'file:///home/somebody/handlers.ts'), { group: 'causeway', place: 'handlers.ts:120 f' })
  })
})
