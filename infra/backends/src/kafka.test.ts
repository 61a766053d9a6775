import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { BackendUnavailable, startKafka } from './index.ts'
import { backendTest } from './test-backends.ts'

const accepts = (port: number): Promise<boolean> =>
  new Promise(resolve => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })

backendTest('a broker comes back on its port and data folder after SIGKILL, and is gone after stop', { kafka: true }, async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'causeway-kafka-test-'))
  try {
    const first = await startKafka({ dataDir })
    assert.equal(await accepts(first.port), true)
    await first.kill('SIGKILL')
    assert.equal(await accepts(first.port), false)
    const second = await startKafka({ dataDir, port: first.port })
    assert.equal(second.port, first.port)
    assert.notEqual(second.pid, first.pid)
    await second.stop()
    await second.stop()
    assert.equal(await accepts(second.port), false)
  } finally {
    await rm(dataDir, { recursive: true })
  }
})

backendTest('a broker whose configuration is wrong is reported with its own words', { kafka: true }, async () => {
  await assert.rejects(startKafka({ properties: { 'node.id': 'nonsense' } }), /Invalid value nonsense/)
})

test('without Java and Docker the error says what is missing and how to get it', async () => {
  const path = process.env.PATH
  process.env.PATH = '/nonexistent'
  try {
    await assert.rejects(
      startKafka(),
      error =>
        error instanceof BackendUnavailable && error.backend === 'Kafka' && /no Java is here.*apt-get install .*Docker/.test(error.message),
    )
  } finally {
    process.env.PATH = path
  }
})
