import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { message, service, testKit } from '../index.ts'

const routes = () =>
  service('orders', [
    message('burn', { order: 'none', timeout: '5s', retry: { attempts: 1 } }).handleInThreads(
      new URL('./burning.fixture.ts', import.meta.url),
      { max: 2 },
    ),
    message('again', { retry: { attempts: 2 } }).handleInThreads(new URL('./burning.fixture.ts', import.meta.url)),
    message('quick').handle(() => 'here'),
  ])

describe('a handler in threads', () => {
  test('answers as any other, and not from the thread of the rest', async () => {
    using kit = testKit(routes())
    assert.deepEqual(await kit.request('burn', { n: 1 }), { input: { n: 1 }, isThread: true })
  })

  test('holds up nobody, and its thread ends when its time is over', async () => {
    using kit = testKit(routes())
    const late = assert.rejects(kit.request('burn', 'for ever', { timeout: '1h' }), {
      code: 'DEAD_LETTERED',
      detail: /took longer than its time-out/,
    })
    assert.equal(await kit.request('quick'), 'here')
    await kit.advance('5s')
    await late
    assert.deepEqual(await kit.request('burn', 2), { input: 2, isThread: true })
  })

  test('rejects, asks for later and fails as any other', async () => {
    using kit = testKit(routes())
    await assert.rejects(kit.request('burn', 'reject'), { code: 'REJECTED', detail: 'not in this thread' })
    assert.equal(await kit.request('again', 'later'), 2)
    await assert.rejects(kit.request('burn', 'fail'), { code: 'DEAD_LETTERED', detail: /RangeError: too much/ })
  })

  test('that has no handler says which module', async () => {
    using kit = testKit(
      service('orders', [message('burn', { retry: { attempts: 1 } }).handleInThreads(new URL('../milliseconds.ts', import.meta.url))]),
    )
    await assert.rejects(kit.request('burn'), { code: 'DEAD_LETTERED', detail: /milliseconds.ts: expected a function/ })
    assert.throws(() => message('burn').handleInThreads(new URL('file:///none'), { max: 0 }), {
      message: 'route burn: threads.max is 0: expected a whole number from 1',
    })
  })
})
