import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { copyFileSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { ConfigError, loadConfig } from '@causeway/config'
import { silentLogger } from '@causeway/telemetry'
import { CERTIFICATES } from '@causeway/testing'
import { readCertificates } from './tls-certificates.ts'
import { TlsPorts } from './tls-ports.ts'

const { ca, gateway, gatewayRenewed } = CERTIFICATES
const SETTINGS = { cert: 'CAUSEWAY_TLS_CERT', key: 'CAUSEWAY_TLS_KEY', ca: 'CAUSEWAY_TLS_CA' }

const folder = mkdtempSync(join(tmpdir(), 'causeway-tls-'))
const written = (name: string, content: string): string => {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}
const rubbish = written('rubbish.pem', 'no certificate\n')
const torn = written('torn.pem', readFileSync(gateway.cert, 'utf8').slice(0, 300))
const locked = written(
  'locked.key',
  generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' },
  }).privateKey,
)

describe('certificates', () => {
  test('are read with their key and CA, and tell whom they name and when they end', () => {
    const { subject, expiresAt, secure } = readCertificates({ ...gateway, ca }, SETTINGS)
    assert.deepEqual([subject, expiresAt, secure.minVersion], ['CN=gateway.test', Date.UTC(2124, 0, 1), 'TLSv1.2'])
    // several in one file, as while a CA is replaced
    const both = written('both.pem', readFileSync(ca, 'utf8') + readFileSync(CERTIFICATES.foreignCa, 'utf8'))
    assert.equal(readCertificates({ ...gateway, ca: both }, SETTINGS).secure.ca, readFileSync(both, 'utf8'))
  })

  const wrong: [string, { cert: string; key: string; ca?: string }, RegExp][] = [
    [
      'a certificate that is not there',
      { ...gateway, cert: '/nowhere/c.pem' },
      /^CAUSEWAY_TLS_CERT is "\/nowhere\/c\.pem": ENOENT.*expected a PEM/,
    ],
    ['a folder', { ...gateway, cert: folder }, /^CAUSEWAY_TLS_CERT is .*EISDIR/],
    ['a certificate that is none', { ...gateway, cert: rubbish }, /^CAUSEWAY_TLS_CERT is .*expected a PEM file of a certificate/],
    ['a certificate that is torn', { ...gateway, cert: torn }, /^CAUSEWAY_TLS_CERT is .*expected a PEM file of a certificate/],
    ['a key that is none', { ...gateway, key: gateway.cert }, /^CAUSEWAY_TLS_KEY is .*expected a PEM file of a private key/],
    ['a key with a passphrase', { ...gateway, key: locked }, /^CAUSEWAY_TLS_KEY is .*without a passphrase/],
    [
      'the key of another certificate',
      { ...gateway, key: gatewayRenewed.key },
      /^CAUSEWAY_TLS_KEY is .*which is not the key of .*gateway\.pem/,
    ],
    ['a CA file without a certificate', { ...gateway, ca: rubbish }, /^CAUSEWAY_TLS_CA is .*no certificate in it/],
    ['a CA file that is torn', { ...gateway, ca: torn }, /^CAUSEWAY_TLS_CA is .*no certificate in it/],
  ]
  for (const [what, files, message] of wrong) {
    test(`can't be used: ${what}`, () => assert.throws(() => readCertificates(files, SETTINGS), { message }))
  }

  test('that are wrong are all named at once, each by its setting', () => {
    const listeners = [{ port: 1, dialect: 'vmol', auth: { mtls: true }, tls: { ...gateway, ca: rubbish } }]
    const config = loadConfig({ environment: {}, flags: { tlsCert: gateway.cert, tlsKey: gatewayRenewed.key, listeners } })
    assert.throws(
      () => new TlsPorts(config, silentLogger),
      (error: Error) =>
        error instanceof ConfigError &&
        error.problems.length === 2 &&
        error.problems[0].startsWith('CAUSEWAY_TLS_KEY is') &&
        error.problems[1].startsWith('CAUSEWAY_LISTENERS[0].tls.ca is'),
    )
  })

  test('are read again where they belong together, and stay as they were where they do not', () => {
    const files = { cert: join(folder, 'live.pem'), key: join(folder, 'live.key') }
    const put = (file: 'cert' | 'key', from: { cert: string; key: string }): void => copyFileSync(from[file], files[file])
    put('cert', gateway)
    put('key', gateway)
    const errors: string[] = []
    const logger = { ...silentLogger, info: () => {}, error: (line: { error: string }) => void errors.push(line.error) }
    const ports = new TlsPorts(
      loadConfig({ environment: {}, flags: { tlsCert: files.cert, tlsKey: files.key } }),
      logger as unknown as typeof silentLogger,
    )
    const shown = (): string => ports.shared!.certificates.subject
    put('cert', gatewayRenewed)
    ports.renew()
    assert.deepEqual([shown(), errors.length], ['CN=gateway.test', 1])
    assert.match(errors[0], /CAUSEWAY_TLS_KEY is .*which is not the key of/)
    put('key', gatewayRenewed)
    ports.renew()
    assert.deepEqual([shown(), errors.length], ['CN=gateway-renewed.test', 1])
    assert.equal(ports.expiresAt, Date.UTC(2124, 0, 1))
  })
})
