import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, mock, test } from 'node:test'
import { loadConfig } from '@causeway/config'
import { type JWTPayload, SignJWT } from 'jose'
import { authentication } from './authentication.ts'

const SECRET = 'a secret of at least thirty-two bytes'
const NOW = Date.UTC(2030, 0, 1)
const NOW_S = NOW / 1_000

function tokenOf(payload: JWTPayload, secret = SECRET, algorithm = 'HS256'): Promise<string> {
  return new SignJWT(payload).setProtectedHeader({ alg: algorithm }).sign(new TextEncoder().encode(secret))
}

const jwt = (settings: Record<string, string> = {}) =>
  authentication(loadConfig({ environment: {}, flags: { auth: 'jwt', jwtSecret: SECRET, ...settings } }))

describe('a client', () => {
  test('is anybody where no token is asked for, with or without one', async () => {
    const authenticate = authentication(loadConfig({ environment: {} }))
    const anybody = { principal: '', expiresAt: Number.POSITIVE_INFINITY }
    assert.deepEqual([await authenticate(undefined), await authenticate('nonsense')], [anybody, anybody])
  })
})

describe('a token', () => {
  beforeEach(() => mock.timers.enable({ apis: ['Date'], now: NOW }))
  afterEach(() => mock.timers.reset())

  test('tells the principal and when it ends', async () => {
    const token = await tokenOf({ sub: 'device-7', exp: NOW_S + 60 })
    assert.deepEqual(await jwt()(token), { principal: 'device-7', expiresAt: NOW + 60_000 })
  })

  test('may have no end', async () => {
    assert.equal((await jwt()(await tokenOf({ sub: 'a' }))).expiresAt, Number.POSITIVE_INFINITY)
  })

  test('is asked for', async () => {
    await assert.rejects(jwt()(undefined), { code: 'UNAUTHENTICATED', detail: /no token/ })
  })

  test('that has expired asks for another', async () => {
    await assert.rejects(jwt()(await tokenOf({ sub: 'a', exp: NOW_S - 1 })), { code: 'TOKEN_EXPIRED' })
  })

  test('is verified again once what is remembered of it has expired', async () => {
    const authenticate = jwt()
    const token = await tokenOf({ sub: 'a', exp: NOW_S + 60 })
    await authenticate(token)
    mock.timers.setTime(NOW + 59_000)
    assert.equal((await authenticate(token)).principal, 'a')
    mock.timers.setTime(NOW + 60_000)
    await assert.rejects(authenticate(token), { code: 'TOKEN_EXPIRED' })
  })

  const wrong: [string, () => Promise<string>][] = [
    ['signed with another secret', () => tokenOf({ sub: 'a' }, 'another secret of thirty-two bytes!!')],
    ['signed with another algorithm', () => tokenOf({ sub: 'a' }, SECRET.repeat(2), 'HS512')],
    ['without sub', () => tokenOf({})],
    ['with an empty sub', () => tokenOf({ sub: '' })],
    ['that is not valid yet', () => tokenOf({ sub: 'a', nbf: NOW_S + 60 })],
    ['that is none', async () => 'nonsense'],
    [
      'without a signature',
      async () => `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from('{"sub":"a"}').toString('base64url')}.`,
    ],
  ]
  for (const [what, make] of wrong) {
    test(`${what} is refused, each time`, async () => {
      const authenticate = jwt()
      const token = await make()
      for (let i = 0; i < 2; i++) await assert.rejects(authenticate(token), { code: 'UNAUTHENTICATED' })
    })
  }

  test('is held against issuer and audience where they are set', async () => {
    const authenticate = jwt({ jwtIssuer: 'https://issuer.example', jwtAudience: 'causeway' })
    const right = { sub: 'a', iss: 'https://issuer.example', aud: 'causeway' }
    assert.equal((await authenticate(await tokenOf(right))).principal, 'a')
    await assert.rejects(authenticate(await tokenOf({ ...right, iss: 'https://other.example' })), { code: 'UNAUTHENTICATED' })
    await assert.rejects(authenticate(await tokenOf({ ...right, aud: 'other' })), { code: 'UNAUTHENTICATED' })
  })
})
