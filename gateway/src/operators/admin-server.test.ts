import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { loadConfig } from '@causeway/config'
import { SignJWT } from 'jose'
import { adminUnderTest } from './admin.fixture.ts'

const SECRET = 'a secret of at least 32 bytes, as HS256 wants'
const PATHS = ['/', '/api/overview', '/api/ledger', '/metrics', '/livez', '/queues']

async function adminOf(flags: Record<string, unknown> = {}) {
  const server = await adminUnderTest(flags)
  return async (url: string, headers: Record<string, string>, method: 'GET' | 'POST' | 'DELETE' | 'PUT' = 'GET') =>
    (await server.inject({ method, url, headers })).statusCode
}

const jwt = (claims: object): Promise<string> =>
  new SignJWT({ sub: 'anna', ...claims })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime('1m')
    .sign(new TextEncoder().encode(SECRET))

describe('roles', () => {
  const tokens = { adminToken: 'an-admin', operatorToken: 'an-operator', viewerToken: 'a-viewer' }
  const calls: [method: 'GET' | 'POST' | 'DELETE' | 'PUT', url: string, least: 'viewer' | 'operator' | 'admin'][] = [
    ['GET', '/api/overview', 'viewer'],
    ['GET', '/queues', 'viewer'],
    ['GET', '/api/config', 'viewer'],
    ['POST', '/api/dead-letters/replay', 'operator'],
    ['POST', '/api/sessions/a/close', 'operator'],
    ['DELETE', '/api/dead-letters', 'operator'],
    ['PUT', '/queues/api/queues/any/pause', 'operator'],
    ['PUT', '/api/config', 'admin'],
    ['POST', '/api/config/rollback', 'admin'],
  ]
  const roles = ['viewer', 'operator', 'admin'] as const

  test('a token opens what its role may do, and nothing else', async () => {
    const statusOf = await adminOf(tokens)
    for (const [method, url, least] of calls) {
      for (const [index, token] of ['a-viewer', 'an-operator', 'an-admin'].entries()) {
        const status = await statusOf(url, { host: 'localhost', authorization: `Bearer ${token}` }, method)
        assert.equal(status === 403, index < roles.indexOf(least), `${token}: ${method} ${url} is ${status}`)
        assert.notEqual(status, 401)
      }
      for (const authorization of ['Bearer nobody', 'Bearer ', 'Basic YTpu', ''])
        assert.equal(await statusOf(url, { host: 'localhost', authorization }, method), 401)
    }
  })

  test("so does a JWT of the clients' issuer with a role; without one it opens nothing", async () => {
    const statusOf = await adminOf({ ...tokens, auth: 'jwt', jwtSecret: SECRET })
    const status = async (claims: object, method: 'GET' | 'PUT', url: string) =>
      await statusOf(url, { host: 'localhost', authorization: `Bearer ${await jwt(claims)}` }, method)
    assert.equal(await status({ causeway_role: 'viewer' }, 'GET', '/api/overview'), 200)
    assert.equal(await status({ causeway_role: 'operator' }, 'PUT', '/api/config'), 403)
    assert.notEqual(await status({ causeway_role: 'admin' }, 'PUT', '/api/config'), 403)
    for (const claims of [{}, { causeway_role: 'root' }, { causeway_role: ['admin'] }])
      assert.equal(await status(claims, 'GET', '/api/overview'), 401)
  })

  test('a token of a role without an admin, or of two roles, is a wrong configuration', () => {
    const load = (flags: Record<string, string>) => () => loadConfig({ environment: {}, flags })
    assert.throws(load({ viewerToken: 'x' }), /CAUSEWAY_ADMIN_TOKEN is not: expected an admin/)
    assert.throws(load({ adminToken: 'x', viewerToken: 'x' }), /expected a token of its own for each/)
  })
})

describe('the operators port', () => {
  test('on loopback answers to loopback names alone, so that no page elsewhere can be made to point there', async () => {
    const statusOf = await adminOf()
    for (const path of PATHS) {
      for (const host of ['127.0.0.1:7402', 'localhost:7402', '[::1]:7402']) assert.equal(await statusOf(path, { host }), 200, path)
      for (const host of ['evil.example:7402', '127.0.0.1.evil.example']) assert.equal(await statusOf(path, { host }), 403, path)
    }
  })

  test('on an open address answers to any name', async () => {
    const statusOf = await adminOf({ adminHost: '0.0.0.0', adminAuth: 'none' })
    assert.equal(await statusOf('/api/overview', { host: 'console.example' }), 200)
  })

  test('tells a foreign name nothing, with or without the token', async () => {
    const statusOf = await adminOf({ adminToken: 'operators-only' })
    const authorization = 'Bearer operators-only'
    assert.equal(await statusOf('/metrics', { host: 'evil.example' }), 403)
    assert.equal(await statusOf('/metrics', { host: 'evil.example', authorization }), 403)
    assert.equal(await statusOf('/metrics', { host: 'localhost' }), 401)
    assert.equal(await statusOf('/metrics', { host: 'localhost', authorization }), 200)
  })
})
