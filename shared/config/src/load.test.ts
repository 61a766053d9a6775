import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { ConfigError } from './config-error.ts'
import { loadConfig } from './load.ts'
import { configurationReference } from './reference.ts'

const problemsOf = (environment: Record<string, string>, flags?: Record<string, unknown>): readonly string[] => {
  try {
    loadConfig({ environment, flags })
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    return error.problems
  }
  return []
}

function writeConfig(name: string, content: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'causeway-config-')), name)
  writeFileSync(path, content)
  return path
}

describe('configuration', () => {
  test('has defaults for everything', () => {
    const config = loadConfig({ environment: {} })
    assert.equal(config.tcpPort, 7400)
    assert.equal(config.sessionTtl, 120_000)
    assert.equal(config.auth, undefined)
  })

  test('takes flags over environment over file', () => {
    const file = writeConfig('c.yaml', 'tcpPort: 1\nhttpPort: 2\nadminPort: 3\n')
    const config = loadConfig({ file, environment: { CAUSEWAY_TCP_PORT: '10', CAUSEWAY_HTTP_PORT: '20' }, flags: { tcpPort: 100 } })
    assert.deepEqual([config.tcpPort, config.httpPort, config.adminPort], [100, 20, 3])
  })

  test('reads durations, sizes and lists as people write them', () => {
    const config = loadConfig({
      environment: { CAUSEWAY_SESSION_TTL: '2m', CAUSEWAY_MAX_PAYLOAD: '64KiB', CAUSEWAY_ORIGINS: 'https://a.example, https://b.example' },
    })
    assert.equal(config.sessionTtl, 120_000)
    assert.equal(config.maxPayload, 65_536)
    assert.deepEqual(config.origins, ['https://a.example', 'https://b.example'])
  })

  test('reads listeners as JSON and from a file, with their times', () => {
    const json = '[{"port":7411,"dialect":"vmol","auth":"none","routes":{"16":"telemetry.report"},"codec":1,"keepAlive":"10s"}]'
    const expected = [{ port: 7411, dialect: 'vmol', auth: 'none', routes: { 16: 'telemetry.report' }, codec: 1, keepAlive: 10_000 }]
    assert.deepEqual(loadConfig({ environment: { CAUSEWAY_LISTENERS: json } }).listeners, expected)
    assert.deepEqual(loadConfig({ environment: {}, file: writeConfig('c.yaml', `listeners: ${json}\n`) }).listeners, expected)
  })

  test('reads dialects of a user, and gives listeners their tables', () => {
    const tracker = [
      'dialects:',
      '  tracker:',
      '    headerSize: 4',
      '    fields:',
      '      - { name: start, offset: 0, type: u16, constant: 0x7878 }',
      '      - { name: length, offset: 2, type: u8 }',
      '      - { name: kind, offset: 3, type: u8 }',
      '    framing: { by: length, field: length, counts: payload }',
      '    operation: kind',
      'listeners:',
      '  - { port: 7420, dialect: tracker, auth: none }',
      '  - { port: 7421, dialect: vmol, auth: none }',
    ]
    const config = loadConfig({ environment: {}, file: writeConfig('c.yaml', tracker.join('\n')) })
    assert.deepEqual(
      config.listeners.map(({ table }) => table?.name),
      ['tracker', undefined],
    )
    assert.equal(config.listeners[0].table?.fields[0].constant, 0x7878)
  })

  test('reads who may speak at a listener, a first frame as its bytes', () => {
    const file = [
      'tlsCert: c.pem',
      'tlsKey: k.pem',
      'listeners:',
      '  - { port: 1, dialect: vmol, auth: { allow: [10.0.0.0/8, "::1"] } }',
      '  - { port: 2, dialect: vmol, auth: { firstFrame: { text: "open\\n" }, principal: meters }, tls: true }',
      '  - { port: 3, dialect: vmol, auth: { firstFrame: { base64: AAEC/w== } } }',
      '  - { port: 4, dialect: vmol, auth: { mtls: true }, tls: { cert: a.pem, key: b.pem, ca: c.pem } }',
    ]
    const config = loadConfig({ environment: {}, file: writeConfig('c.yaml', file.join('\n')) })
    assert.deepEqual(
      config.listeners.map(({ auth }) => auth),
      [
        { allow: ['10.0.0.0/8', '::1'] },
        { firstFrame: Buffer.from('open\n'), principal: 'meters' },
        { firstFrame: Buffer.from([0, 1, 2, 255]) },
        { mtls: true },
      ],
    )
    assert.deepEqual(
      config.listeners.map(({ tls }) => tls),
      [undefined, true, undefined, { cert: 'a.pem', key: 'b.pem', ca: 'c.pem' }],
    )
  })

  test('reads address ranges of both families', () => {
    const { allow, deny } = loadConfig({ environment: { CAUSEWAY_ALLOW: '10.0.0.0/8, 192.0.2.7,::/0', CAUSEWAY_DENY: '2001:db8::/32' } })
    assert.deepEqual([allow, deny], [['10.0.0.0/8', '192.0.2.7', '::/0'], ['2001:db8::/32']])
  })

  test('shows no first frame, wherever the fault is', () => {
    const secrets = [
      '[{"port":1,"dialect":"vcl","auth":{"firstFrame":"hush-hush"}}]',
      '[{"port":1,"dialect":"vcl","auth":{"firstFrame":{"text":"hush-hush","base64":"aHVzaA=="}}}]',
      '[{"port":1,"dialect":"vcl","auth":{"firstFrame":{"base64":"hush-hush!"}}}]',
      '[{"port":1,"dialect":"vcl","auth":{"firstFrame":{"text":"hus"}}}]',
      '[{"port":1,"dialect":"vcl","auth":{"firstFrame":{"text":"hush-hush"}}]',
    ]
    for (const json of secrets) {
      const [problem, ...others] = problemsOf({ CAUSEWAY_LISTENERS: json })
      assert.match(problem, /CAUSEWAY_LISTENERS.* is \(hidden\): expected/)
      assert.doesNotMatch(problem, /hus/)
      assert.deepEqual(others, [])
    }
  })

  const listener = (entry: string): Record<string, string> => ({ CAUSEWAY_LISTENERS: `[{"port":1,"dialect":"vcl",${entry}}]` })

  const wrong: [string, Record<string, string>, RegExp][] = [
    ['a port that is none', { CAUSEWAY_TCP_PORT: 'abc' }, /CAUSEWAY_TCP_PORT is "abc": expected a port from 0/],
    ['a partition count that is no power of two', { CAUSEWAY_PARTITIONS: '12' }, /CAUSEWAY_PARTITIONS is "12": expected a power of two/],
    [
      'an unknown variable, with the nearest one',
      { CAUSEWAY_TCP_PROT: '1' },
      /CAUSEWAY_TCP_PROT is not known; did you mean CAUSEWAY_TCP_PORT\?/,
    ],
    ['Kafka without Redis', { CAUSEWAY_KAFKA_BROKERS: 'a:1' }, /CAUSEWAY_KAFKA_BROKERS is set and CAUSEWAY_REDIS_URL is not/],
    ['an open address without a choice', { CAUSEWAY_HOST: '0.0.0.0' }, /CAUSEWAY_HOST is "0.0.0.0".*expected a choice/],
    ['an open admin address without a token', { CAUSEWAY_ADMIN_HOST: '0.0.0.0' }, /expected CAUSEWAY_ADMIN_TOKEN/],
    ['jwt without a key', { CAUSEWAY_AUTH: 'jwt' }, /expected CAUSEWAY_JWT_SECRET/],
    ['a key set that is no URL', { CAUSEWAY_JWKS_URL: 'here' }, /CAUSEWAY_JWKS_URL is "here": expected a URL/],
    ['a short secret, without showing it', { CAUSEWAY_AUTH: 'jwt', CAUSEWAY_JWT_SECRET: 'hush' }, /has 4 bytes: expected at least 32/],
    ['dialects that are no table', { CAUSEWAY_DIALECTS: '[1]' }, /CAUSEWAY_DIALECTS is .*: expected tables of dialects by name/],
    [
      'the field of a dialect that is wrong',
      { CAUSEWAY_DIALECTS: '{"tracker":{"headerSize":1,"fields":[],"framing":{"by":"length","field":"size","counts":"rest"}}}' },
      /CAUSEWAY_DIALECTS: dialect tracker: framing\.field is size, expected the name of a field/,
    ],
    [
      'a dialect named as one that ships',
      { CAUSEWAY_DIALECTS: '{"vcl":{"headerSize":0,"fields":[],"framing":{"by":"delimiter","delimiter":10}}}' },
      /CAUSEWAY_DIALECTS\.vcl has the name of a dialect that ships/,
    ],
    ['listeners that are no list', { CAUSEWAY_LISTENERS: '{"port":1}' }, /CAUSEWAY_LISTENERS is .*: expected a JSON list/],
    [
      'the key that a listener lacks',
      { CAUSEWAY_LISTENERS: '[{"port":1,"auth":"none"}]' },
      /CAUSEWAY_LISTENERS\[0\]\.dialect is absent: expected the name of a dialect/,
    ],
    [
      'the key of a listener that is wrong',
      { CAUSEWAY_LISTENERS: '[{"port":1,"dialect":"vcl","auth":"none","routes":{"one":"echo"}}]' },
      /CAUSEWAY_LISTENERS\[0\]\.routes is .*: expected names of routes by the number/,
    ],
    [
      'a codec that is none',
      { CAUSEWAY_LISTENERS: '[{"port":1,"dialect":"vcl","auth":"none","codec":4}]' },
      /CAUSEWAY_LISTENERS\[0\]\.codec is 4: expected 0 \(bytes\), 1/,
    ],
    ['an auth that is none', listener('"auth":"token"'), /CAUSEWAY_LISTENERS\[0\]\.auth is "token": expected "none" said aloud, \{"allow"/],
    ['an auth that says nothing', listener('"auth":{}'), /\[0\]\.auth names no way to authenticate: expected one of/],
    ['an auth that says two things', listener('"auth":{"mtls":true,"allow":["::1"]}'), /\[0\]\.auth names allow and mtls: expected one of/],
    [
      'a key of an auth that is not known',
      listener('"auth":{"allow":["::1"],"deny":[]}'),
      /\[0\]\.auth\.deny is not known: expected allow/,
    ],
    [
      'a range that is none',
      listener('"auth":{"allow":["::1","10.0.0.0/33"]}'),
      /\.auth\.allow\[1\] is "10\.0\.0\.0\/33": expected an address or/,
    ],
    ['ranges that are no list', listener('"auth":{"allow":"::1"}'), /\.auth\.allow is "::1": expected a list/],
    ['mTLS that is not true', listener('"auth":{"mtls":false}'), /\.auth\.mtls is false: expected true/],
    [
      'a principal that is no name',
      listener('"auth":{"firstFrame":{"text":"open sesame"},"principal":""}'),
      /\.auth\.principal is "": expected/,
    ],
    [
      'TLS files without a key',
      listener('"auth":"none","tls":{"cert":"c.pem"}'),
      /\[0\]\.tls\.key is absent: expected the path of a PEM file/,
    ],
    ['a listener that speaks TLS without a certificate', listener('"auth":"none","tls":true'), /\[0\] speaks TLS: expected its own tls/],
    [
      'a listener that asks for certificates that nobody signs',
      listener('"auth":{"mtls":true},"tls":{"cert":"c.pem","key":"k.pem"}'),
      /\[0\]\.auth is mtls: expected tls\.ca/,
    ],
    [
      'an address that is none',
      { CAUSEWAY_DENY: '10.0.0.1,gateway.example' },
      /CAUSEWAY_DENY\[1\] is "gateway\.example": expected an address/,
    ],
    ['a certificate without its key', { CAUSEWAY_TLS_CERT: 'c.pem' }, /CAUSEWAY_TLS_CERT is set and CAUSEWAY_TLS_KEY is not/],
    ['a CA without a certificate', { CAUSEWAY_TLS_CA: 'ca.pem' }, /CAUSEWAY_TLS_CA is set and CAUSEWAY_TLS_CERT is not/],
    [
      'a key of a listener that is not known',
      { CAUSEWAY_LISTENERS: '[{"port":1,"dialect":"vcl","auth":"none","path":"/"}]' },
      /CAUSEWAY_LISTENERS\[0\]\.path is not known/,
    ],
  ]
  for (const [what, environment, expected] of wrong) {
    test(`names ${what}`, () => {
      const problems = problemsOf(environment)
      assert.equal(problems.length, 1)
      assert.match(problems[0], expected)
    })
  }

  test('names every problem at once', () => {
    assert.equal(problemsOf({ CAUSEWAY_TCP_PORT: 'x', CAUSEWAY_AUTH: 'maybe', CAUSEWAY_WINDOW: '0' }).length, 3)
  })

  test('names an unknown key of a file and a file that cannot be read', () => {
    const file = writeConfig('c.json', '{"tcpProt": 1}')
    assert.throws(() => loadConfig({ file, environment: {} }), /key tcpProt in .* is not known; did you mean tcpPort\?/)
    assert.throws(() => loadConfig({ file: '/nowhere/c.yaml', environment: {} }), /file \/nowhere\/c.yaml/)
  })

  test('leaves other variables of the house alone', () => {
    assert.deepEqual(problemsOf({ CAUSEWAY_DEMO_JOURNAL: 'x', CAUSEWAY_TEST_KAFKA: 'y', PATH: 'z' }), [])
  })

  test('is what docs/configuration.md says', () => {
    assert.equal(readFileSync(new URL('../../../docs/configuration.md', import.meta.url), 'utf8'), configurationReference())
  })
})
