import assert from 'node:assert/strict'
import { test } from 'node:test'
import { message, service } from '../index.ts'

// as code without types writes them
const given = message as unknown as (
  name: unknown,
  options?: unknown,
) => Record<'use' | 'handle' | 'fallback' | 'handleInThreads', (value?: unknown) => unknown>
const declared = service as unknown as (
  name: unknown,
  routes?: unknown,
  options?: unknown,
) => Record<'use' | 'onConfig', (...values: unknown[]) => unknown>
const route = message('m').handle(() => 1)

const WRONG: Record<string, [() => unknown, RegExp]> = {
  'a name that is no text': [() => given(undefined), /^route name undefined: expected 1 to 128 letters/],
  'options that are none': [() => given('m', 'fast'), /^route m: what follows its name is "fast": expected an object of options/],
  'places as text': [
    () => given('m', { concurrency: '5' }),
    /^route m: concurrency is "5": expected a whole number from 1, or an object of options/,
  ],
  'places that are null': [() => given('m', { concurrency: null }), /^route m: concurrency is null/],
  'a key of places that is no function': [
    () => given('m', { concurrency: { key: 'id' } }),
    /^route m: concurrency.key is "id": expected a function/,
  ],
  'a cache without a key': [() => given('m', { cache: { ttl: '1s' } }), /^route m: cache.key is undefined: expected a function/],
  'a cache shared by name': [
    () => given('m', { cache: { key: () => '', ttl: '1s', shared: 'no' } }),
    /^route m: cache.shared is "no": expected true or false/,
  ],
  'a rate as a number': [() => given('m', { rate: 5 }), /^route m: rate is 5: expected an object of options/],
  'a breaker switched on': [() => given('m', { breaker: true }), /^route m: breaker is true: expected an object of options/],
  'retries as a number': [() => given('m', { retry: 5 }), /^route m: retry is 5: expected an object of options/],
  'no attempts': [() => given('m', { retry: { attempts: 0 } }), /^route m: retry.attempts is 0: expected a whole number from 1/],
  'a schema of no known kind': [() => given('m', { input: {} }), /^route m: input is no Standard Schema/],
  'no handler': [() => given('m').handle(), /^route m: its handler is undefined: expected a function/],
  'a middleware that is none': [() => given('m').use('log'), /^route m: its middleware is "log": expected a function/],
  'a fallback that is none': [() => given('m', { breaker: {} }).fallback(0), /^route m: its fallback is 0: expected a function/],
  'a module of threads as text': [() => given('m').handleInThreads('./scale.ts'), /^route m: its module is ".\/scale.ts": expected a URL/],
  'a service without a list of routes': [() => declared('s', {}), /^service s: its routes are no list/],
  'a route that has no handler yet': [() => declared('s', [route, given('x')]), /^service s: routes\[1\] is no route/],
  'options of a service that are none': [() => declared('s', [route], null), /^service s: what follows its routes is null/],
  'a middleware of a service that is none': [() => declared('s', [route]).use({}), /^service s: its middleware is {}: expected a function/],
  'a listener that is none': [
    () => declared('s', [route]).onConfig('limit', 20),
    /^service s: its listener of "limit" is 20: expected a function/,
  ],
}

for (const [name, [declare, error]] of Object.entries(WRONG))
  test(`${name} is a TypeError that says what, where and what was expected`, () => {
    assert.throws(declare, thrown => thrown instanceof TypeError && error.test(thrown.message))
  })
