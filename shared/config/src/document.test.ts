import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ConfigError } from './config-error.ts'
import { type ConfigDocument, DOCUMENT_BYTES, differences, documentFaults, mergePatch } from './document.ts'
import { loadSettings } from './load.ts'
import { overlay } from './overlay.ts'
import { faultText } from './shapes.ts'

const texts = (document: unknown): string[] => documentFaults(document).map(faultText)

describe('the central document', () => {
  test('may have every section, and times as people write them', () => {
    const document: ConfigDocument = {
      gateway: { logLevel: 'debug', allow: ['10.0.0.0/8'], window: 64, listeners: [{ port: 7411, dialect: 'vmol', auth: 'none' }] },
      worker: { concurrency: 8, logLevel: 'warn' },
      services: {
        orders: {
          config: { limit: 10, names: ['a'], deep: { x: null } },
          tracks: { stable: 90, canary: 10 },
          routes: {
            'order.place': {
              timeout: '5s',
              priority: 'critical',
              retry: { attempts: 3, min: 100, max: '1s' },
              rate: { limit: 5, per: '1m' },
              breaker: 'off',
              cache: { ttl: '30s' },
            },
          },
        },
      },
    }
    assert.deepEqual(texts(document), [])
    assert.deepEqual(texts({}), [])
  })

  const wrong: [string, unknown, RegExp][] = [
    [
      'an unknown key, with the nearest',
      { gateway: { logLevl: 'info' } },
      /^gateway\/logLevl is "info": expected no such key; did you mean logLevel\?$/,
    ],
    [
      'a key that takes effect only at start',
      { gateway: { tcpPort: 1 } },
      /^gateway\/tcpPort is 1: expected no key that takes effect only at start/,
    ],
    ['a key of the other role', { worker: { window: 5 } }, /^worker\/window is 5: .*belongs under gateway$/],
    ['a value of another kind', { gateway: { window: 'wide' } }, /^gateway\/window is "wide": expected a whole number from 1 to 4096$/],
    ['one entry of a list', { gateway: { allow: ['10.0.0.0/8', 'home'] } }, /^gateway\/allow: .*\[1\] is "home"/],
    [
      'a listener without its auth',
      { gateway: { listeners: [{ port: 1, dialect: 'vmol' }] } },
      /^gateway\/listeners: .*\[0\]\.auth is absent/,
    ],
    [
      'a route policy there is none of',
      { services: { a: { routes: { r: { timout: 1 } } } } },
      /^services\/a\/routes\/r\/timout is 1: .*did you mean timeout/,
    ],
    ['a rate without its limit', { services: { a: { routes: { r: { rate: { per: '1s' } } } } } }, /rate\/limit: expected to be there$/],
    [
      'retries that end before they begin',
      { services: { a: { routes: { r: { retry: { min: '2s', max: '1s' } } } } } },
      /retry\/max is "1s": expected at least retry\/min, 2s$/,
    ],
    [
      'tracks of which none has a share',
      { services: { a: { tracks: { stable: 0 } } } },
      /tracks is \{"stable":0\}: expected one share above 0$/,
    ],
    ['a service of a wrong name', { services: { 'A B': {} } }, /^services\/A B is "A B": expected as key/],
    ['what is no document', [], /^the document is \[\]: expected keys and values: gateway, worker, services$/],
  ]
  for (const [what, document, expected] of wrong) {
    test(`names ${what}`, () => {
      const found = texts(document)
      assert.equal(found.length, 1, found.join('\n'))
      assert.match(found[0]!, expected)
    })
  }

  test('names every fault, not the first alone', () => {
    assert.equal(documentFaults({ gateway: { window: 0, keepAlive: 'x' }, workers: {} }).length, 3)
  })

  test('does not show what may be a secret', () => {
    const listener = { port: 7411, dialect: 'vmol', auth: { firstFrame: 'secret' } }
    const told = JSON.stringify(documentFaults({ gateway: { listeners: [listener] } }))
    assert.ok(told.includes('gateway/listeners') && !told.includes('"secret"'), told)
  })

  test('is refused above its bound', () => {
    assert.match(texts({ services: { a: { config: { long: 'x'.repeat(DOCUMENT_BYTES) } } } })[0]!, /at most 262144 bytes as JSON/)
  })

  test('is changed by a merge patch as RFC 7396 says', () => {
    const target = { a: { b: 1, c: [1, 2] }, d: 2 }
    assert.deepEqual(mergePatch(target, { a: { b: null, c: [3], e: { f: null, g: 1 } }, d: { x: 1 } }), {
      a: { c: [3], e: { g: 1 } },
      d: { x: 1 },
    })
    assert.deepEqual(target, { a: { b: 1, c: [1, 2] }, d: 2 })
  })
})

describe('the differences of two documents', () => {
  test('are told value by value, also where a whole branch is new or gone', () => {
    const before = { gateway: { window: 1, allow: ['a'] }, worker: {} }
    const after = { gateway: { window: 2, allow: ['a'] }, services: { orders: { config: { limit: 1, list: [1] } } } }
    assert.deepEqual(differences(before, after), [
      { path: 'gateway/window', before: 1, after: 2 },
      { path: 'services/orders/config/limit', before: undefined, after: 1 },
      { path: 'services/orders/config/list', before: undefined, after: [1] },
      { path: 'worker', before: {}, after: undefined },
    ])
    assert.deepEqual(differences(after, after), [])
    assert.deepEqual(differences({ a: { b: 1 } }, { a: 1 }), [{ path: 'a', before: { b: 1 }, after: 1 }])
  })
})

describe('the central configuration in a process', () => {
  test('stands over file and default, and under environment and flags, which is told', () => {
    const settings = loadSettings({ environment: { CAUSEWAY_WINDOW: '7' }, flags: { keepAlive: '9s' } })
    const { config, overridden } = overlay(settings, { gateway: { window: 50, keepAlive: '1s', logLevel: 'debug' } }, 'gateway')
    assert.deepEqual([config.window, config.keepAlive, config.logLevel], [7, 9_000, 'debug'])
    assert.deepEqual(overridden.toSorted(), ['keepAlive', 'window'])
  })

  test('leaves what it does not name any more as it was without it', () => {
    const settings = loadSettings({ environment: {} })
    assert.equal(overlay(settings, { gateway: { window: 50 } }, 'gateway').config.window, 50)
    assert.equal(overlay(settings, {}, 'gateway').config.window, 1_024)
  })

  test('is refused where its values do not go with those of the process', () => {
    const settings = loadSettings({ environment: {} })
    const document = { gateway: { listeners: [{ port: 7411, dialect: 'vmol', auth: { mtls: true } }] } }
    assert.throws(
      () => overlay(settings, document, 'gateway'),
      (error: Error) => error instanceof ConfigError && /speaks TLS/.test(error.message),
    )
  })
})
