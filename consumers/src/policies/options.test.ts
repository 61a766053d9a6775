import assert from 'node:assert/strict'
import { test } from 'node:test'
import { event, message, service } from '../index.ts'

// as code without types writes them
const given = message as unknown as (
  name: unknown,
  options?: unknown,
) => Record<'use' | 'handle' | 'fallback' | 'handleInThreads', (...values: unknown[]) => unknown>
const declared = service as unknown as (
  name: unknown,
  routes?: unknown,
  options?: unknown,
) => Record<'use' | 'onConfig', (...values: unknown[]) => unknown>
const told = event as unknown as (name: unknown, options?: unknown) => Record<'handle', (value?: unknown) => unknown>
const route = message('m').handle(() => 1)
const nothing = () => undefined
/** A service of one route with these options. */
const routed = (options: object) => declared('s', [given('m', options).handle(nothing)])

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
  'an option of a service that there is not': [
    () => declared('s', [route], { routes: [] }),
    /^service s: there is no option "routes": expected one of version, track, concurrency, config$/,
  ],
  'an option of a route that there is not': [
    () => routed({ retires: 3 }),
    /^service s: route m: there is no option "retires": expected one of opcode, input, .*retry, .*, breaker$/,
  ],
  'several of them': [
    () => routed({ retires: 3, time: '1s' }),
    /^service s: route m: there is no option "retires": .*; there is no option "time": expected/,
  ],
  'an option of retries that there is not': [
    () => routed({ retry: { attempt: 3 } }),
    /^service s: route m: retry has no option "attempt": expected one of attempts, min, max, jitter$/,
  ],
  'an option of an order that there is not': [
    () => routed({ order: { key: nothing, by: 1 } }),
    /^service s: route m: order has no option "by": expected one of key$/,
  ],
  'an option of places that there is not': [
    () => routed({ concurrency: { limit: 1, perkey: 2 } }),
    /^service s: route m: concurrency has no option "perkey": expected one of limit, key, perKey$/,
  ],
  'an option of a cache that there is not': [
    () => routed({ cache: { key: nothing, ttl: '1s', max: 5 } }),
    /^service s: route m: cache has no option "max": expected one of key, ttl, shared, entries$/,
  ],
  'an option of a rate that there is not': [
    () => routed({ rate: { limit: 1, every: '1s' } }),
    /^service s: route m: rate has no option "every": expected one of limit, per$/,
  ],
  'an option of a breaker that there is not': [
    () => routed({ breaker: { open: '1s' } }),
    /^service s: route m: breaker has no option "open": expected one of failures, openFor$/,
  ],
  'an option of threads that there is not': [
    () => declared('s', [given('m', { limit: 1 }).handleInThreads(new URL('file:///m.ts'), { min: 1 })]),
    /^service s: route m: there is no option "limit": .*; handleInThreads has no option "min": expected one of max$/,
  ],
  'an option of an event that there is not': [
    () => declared('s', [told('session.opened', { cache: {}, retry: { times: 1 } }).handle(nothing)]),
    /^service s: event session.opened: retry has no option "times": .*; there is no option "cache": expected one of timeout, retry$/,
  ],
  'options of an event that are none': [
    () => told('session.opened', 'fast'),
    /^event session.opened: what follows its name is "fast": expected an object of options/,
  ],
  'a listener that is none': [
    () => declared('s', [route]).onConfig('limit', 20),
    /^service s: its listener of "limit" is 20: expected a function/,
  ],
}

for (const [name, [declare, error]] of Object.entries(WRONG))
  test(`${name} is a TypeError that says what, where and what was expected`, () => {
    assert.throws(declare, thrown => thrown instanceof TypeError && error.test(thrown.message))
  })
