import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { contextOf, messageOf } from './messages.fixture.ts'

describe('the signal of a context', () => {
  test('first asked for after the abort is aborted already, for the first reason', () => {
    const ctx = contextOf(messageOf())
    ctx.abort('too late')
    ctx.abort('the worker stops')
    assert.deepEqual([ctx.signal.aborted, ctx.signal.reason], [true, 'too late'])
  })

  test('asked for before is aborted with it', () => {
    const ctx = contextOf(messageOf())
    const { signal } = ctx
    assert.equal(signal.aborted, false)
    ctx.abort('too late')
    assert.deepEqual([signal.aborted, signal.reason, ctx.signal === signal], [true, 'too late', true])
  })
})
