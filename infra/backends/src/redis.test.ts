import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BackendUnavailable, freePort, startRedis } from './index.ts'
import { ask } from './probe.ts'
import { backendTest } from './test-backends.ts'

const command = async (port: number, line: string, end: string): Promise<string | undefined> =>
  (await ask(port, Buffer.from(`${line}\r\n`), bytes => bytes.includes(end)))?.toString('latin1')

backendTest('it runs on the port asked for, evicts nothing, and takes further arguments', { redis: true }, async () => {
  const port = await freePort()
  await using redis = await startRedis({ port, args: ['--databases', '3'] })
  assert.equal(redis.address, `127.0.0.1:${port}`)
  assert.match((await command(port, 'CONFIG GET maxmemory-policy', 'noeviction'))!, /noeviction/)
  assert.match((await command(port, 'CONFIG GET databases', '3\r\n'))!, /\r\n3\r\n/)
})

backendTest('a stopped server answers nothing, a continued one does, and stop ends even a stopped one', { redis: true }, async () => {
  await using redis = await startRedis()
  await redis.kill('SIGSTOP')
  assert.equal(await command(redis.port, 'PING', '\r\n'), undefined)
  await redis.kill('SIGCONT')
  assert.equal(await command(redis.port, 'PING', '\r\n'), '+PONG\r\n')
  await redis.kill('SIGSTOP')
  await redis.stop()
  assert.equal(await command(redis.port, 'PING', '\r\n'), undefined)
})

backendTest('a taken port is refused, not mistaken for a server of ours', { redis: true }, async () => {
  await using redis = await startRedis()
  await assert.rejects(startRedis({ port: redis.port }), /another one already answers on port/)
})

test('without redis-server and Docker the error says what is missing and how to get it', async () => {
  const path = process.env.PATH
  process.env.PATH = '/nonexistent'
  try {
    await assert.rejects(startRedis(), error => error instanceof BackendUnavailable && /apt-get install redis-server/.test(error.message))
  } finally {
    process.env.PATH = path
  }
})
