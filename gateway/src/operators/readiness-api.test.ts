import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ProcessReadiness } from '../siblings.ts'
import { adminUnderTest } from './admin.fixture.ts'

async function readyz(others?: readonly ProcessReadiness[]) {
  const siblings = others && { process: 2, metrics: async () => '', readiness: async () => others }
  const server = await adminUnderTest({}, siblings)
  const response = await server.inject({ url: '/readyz', headers: { host: 'localhost' } })
  return { code: response.statusCode, body: response.json() }
}

describe("/readyz of the operators' port", () => {
  test("is the gateway's own where it is alone", async () => {
    assert.deepEqual(await readyz(), { code: 200, body: { status: 'ready', dependencies: {} } })
  })

  test('is ready when all processes are that share its ports, each told in its place', async () => {
    const others: ProcessReadiness[] = [
      { process: 3, status: 'ready', dependencies: {} },
      { process: 1, status: 'ready', dependencies: {} },
    ]
    const { code, body } = await readyz(others)
    assert.deepEqual([code, body.status], [200, 'ready'])
    assert.deepEqual(
      body.processes.map(({ process }: ProcessReadiness) => process),
      [1, 2, 3],
    )
  })

  for (const status of ['starting', 'silent', 'not ready', 'draining'] as const)
    test(`is not where one is ${status}`, async () => {
      const { code, body } = await readyz([{ process: 1, status }])
      assert.deepEqual([code, body.status], [503, status === 'draining' ? 'draining' : 'not ready'])
      assert.equal(body.processes[0].status, status)
    })
})
