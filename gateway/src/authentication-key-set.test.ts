import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { loadConfig } from '@causeway/config'
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from 'jose'
import { authentication } from './authentication.ts'

const KEY_ID = 'of the issuer'
const sign = (key: CryptoKey, kid = KEY_ID) => new SignJWT({ sub: 'device-7' }).setProtectedHeader({ alg: 'ES256', kid }).sign(key)
const by = (port: number) =>
  authentication(loadConfig({ environment: {}, flags: { auth: 'jwt', jwksUrl: `http://127.0.0.1:${port}/keys` } }))

describe('a token of an issuer with a key set', () => {
  let answer: (response: ServerResponse) => void
  const issuer = createServer((_request, response) => answer(response))
  const port = () => (issuer.address() as AddressInfo).port
  let key: CryptoKey
  let keySet: string

  before(async () => {
    issuer.listen(0, '127.0.0.1')
    await once(issuer, 'listening')
    const pair = await generateKeyPair('ES256')
    key = pair.privateKey
    keySet = JSON.stringify({ keys: [{ ...(await exportJWK(pair.publicKey)), kid: KEY_ID, alg: 'ES256' }] })
  })
  after(() => issuer.close())

  test('is verified by its key', async () => {
    answer = response => response.end(keySet)
    assert.equal((await by(port())(await sign(key))).principal, 'device-7')
  })

  test('is UNAUTHENTICATED where the set has no such key, or another signed it', async () => {
    answer = response => response.end(keySet)
    const other = (await generateKeyPair('ES256')).privateKey
    for (const token of [await sign(key, 'unknown'), await sign(other)]) {
      await assert.rejects(by(port())(token), { code: 'UNAUTHENTICATED' })
    }
  })

  const broken: [string, (response: ServerResponse) => void][] = [
    ['answers 503', response => response.writeHead(503).end()],
    ['answers with no JSON', response => response.end('<html>')],
    ['answers with JSON that is no key set', response => response.end('{"error":"try later"}')],
    ['hangs up', response => response.destroy()],
  ]
  for (const [what, wrongly] of broken) {
    test(`is no wrong token while its issuer ${what}: its client may come back`, async () => {
      answer = wrongly
      const authenticate = by(port())
      const token = await sign(key)
      await assert.rejects(authenticate(token), { code: 'BACKEND_UNAVAILABLE', detail: /issuer's keys cannot be read/ })
      answer = response => response.end(keySet)
      assert.equal((await authenticate(token)).principal, 'device-7')
    })
  }

  test('is no wrong token where nobody listens', async () => {
    const nobody = createServer().listen(0, '127.0.0.1')
    await once(nobody, 'listening')
    const { port: free } = nobody.address() as AddressInfo
    nobody.close()
    await once(nobody, 'close')
    await assert.rejects(by(free)(await sign(key)), { code: 'BACKEND_UNAVAILABLE' })
  })
})
