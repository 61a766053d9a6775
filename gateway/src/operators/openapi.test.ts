import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import Fastify from 'fastify'
import { adminUnderTest } from './admin.fixture.ts'
import { CALLS, describeApi } from './openapi.ts'

interface Document {
  openapi: string
  info: { version: string }
  paths: Record<
    string,
    Record<
      string,
      { summary: string; requestBody?: object; parameters?: { name: string; in: string }[]; responses: Record<string, object> }
    >
  >
}

describe("the operators' API as a document", () => {
  test('has every call there is, and none that is not', async () => {
    const server = await adminUnderTest()
    const { openapi, info, paths } = (await server.inject({ url: '/api/openapi.json', headers: { host: 'localhost' } })).json() as Document
    assert.deepEqual([openapi, info.version], ['3.1.0', '1.2.3'])
    const described = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map(method => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`),
    )
    assert.deepEqual(described.toSorted(), Object.keys(CALLS).toSorted())
    for (const call of Object.keys(CALLS)) {
      const [method, url] = call.split(' ') as [string, string]
      assert.ok(server.hasRoute({ method: method as 'GET', url }), `${call} is described and not there`)
    }
  })

  test('says what goes in, what comes out, and how it fails', async () => {
    const server = await adminUnderTest()
    const { paths } = (await server.inject({ url: '/api/openapi.json', headers: { host: 'localhost' } })).json() as Document
    const rollback = paths['/api/config/rollback']!.post!
    assert.ok(rollback.requestBody)
    assert.deepEqual(Object.keys(rollback.responses), ['200', 'default'])
    assert.ok(JSON.stringify(rollback.responses).includes('application/problem+json'))
    assert.deepEqual(
      paths['/api/sessions/{id}/close']!.post!.parameters?.map(({ name, in: where }) => [name, where]),
      [['id', 'path']],
    )
  })

  test('does not change what a call takes or answers', async () => {
    const server = Fastify()
    await describeApi(server, '1')
    server.put('/api/config', request => ({ got: request.body, more: 1 }))
    const response = await server.inject({ method: 'PUT', url: '/api/config', payload: { base: 'not a number', other: true } })
    assert.deepEqual(response.json(), { got: { base: 'not a number', other: true }, more: 1 })
  })

  test('has to have every call: one that nobody has described is a fault of the program', async () => {
    const server = Fastify()
    await describeApi(server, '1')
    assert.throws(() => server.get('/api/secret', () => ({})), /GET \/api\/secret is not described/)
  })
})
