import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { ConfigDocument } from '@causeway/config'
import { openDataFolder } from '@causeway/embedded'
import type { Log } from '@causeway/log'
import { openEmbeddedLog } from '@causeway/log/embedded'
import { openKafkaLog } from '@causeway/log/kafka'
import { silentLogger } from '@causeway/telemetry'
import { backendTest, testBackends } from '@causeway/test-backends'
import { uniqueName, until } from '@causeway/testing'
import { centralConfigConformance, change, Installation, partOf, windowOf } from './central-config.conformance.ts'

async function embedded() {
  const path = await mkdtemp(join(tmpdir(), 'causeway-central-log-'))
  const folder = await openDataFolder(path, { logger: silentLogger })
  const log = await openEmbeddedLog(folder)
  return {
    log,
    async [Symbol.asyncDispose]() {
      await log.close()
      await folder.close()
      await rm(path, { recursive: true })
    },
  }
}

/** One process has the folder: all share its log, which ends with the last of them. */
let shared: Awaited<ReturnType<typeof embedded>> | undefined
let users = 0
centralConfigConformance('embedded', async () => {
  shared ??= await embedded()
  users++
  return {
    log: shared.log,
    async close() {
      if (--users > 0) return
      await shared![Symbol.asyncDispose]()
      shared = undefined
    },
  }
})

const { kafka } = testBackends()
for (const client of ['kafkajs', 'platformatic'] as const) {
  const name = `kafka by ${client}`
  if (kafka === undefined) backendTest(`central configuration: ${name}`, { kafka: true }, () => {})
  else
    centralConfigConformance(name, async () => {
      const log = await openKafkaLog({ brokers: [kafka], clientId: uniqueName('test'), client, logger: silentLogger })
      return { log, close: () => log.close() }
    })
}

const refusesWide = (document: ConfigDocument) => (Number(document.gateway?.window) > 100 ? 'too wide for this process' : undefined)

describe('a process and the central configuration', () => {
  test('goes on with its last good version where one of its parts refuses the next, and says why', async () => {
    await using opened = await embedded()
    await using installation = new Installation()
    const central = await installation.process(opened.log)
    const [willing, unwilling] = [partOf('gw-1'), partOf('wk-1', refusesWide)]
    await central.attach(willing.part)
    await central.attach(unwilling.part)
    await central.propose(change(0, windowOf(10)))
    await until(() => central.version === 1)
    await central.propose(change(1, windowOf(1_000)))
    await until(() => central.refusal !== undefined)
    assert.deepEqual(central.refusal, { version: 2, owner: 'wk-1', reason: 'too wide for this process' })
    assert.deepEqual([central.version, central.latest.version, central.refusals], [1, 2, 1])
    assert.deepEqual(willing.worked, [{}, windowOf(10)])
    assert.equal(willing.abandoned(), 1)
    assert.deepEqual(
      central.states().map(({ process, version, refused }) => [process, version, refused?.version]),
      [
        ['gw-1', 1, 2],
        ['wk-1', 1, 2],
      ],
    )
    await central.propose(change(2, windowOf(20)))
    await until(() => central.version === 3)
    assert.equal(central.refusal, undefined)
  })

  test('begins with the copy on its disk where the log can not be read, and takes what it finds once it can', async () => {
    await using opened = await embedded()
    await using installation = new Installation()
    const folder = await installation.folder()
    const before = await installation.process(opened.log, { folder })
    await before.attach(partOf('gw-1').part)
    await before.propose(change(0, windowOf(10)))
    const copy = join(folder, 'central-config.gateway.json')
    await until(async () => (await readFile(copy, 'utf8').catch(() => '')).includes('"version":1'))
    await before.propose(change(1, windowOf(20)))
    await until(async () => (await readFile(copy, 'utf8')).includes('"version":2'))
    await before.close()

    const back = Promise.withResolvers<void>()
    const away = {
      ensureTopics: () => back.promise.then(() => opened.log.ensureTopics([])),
      follow: opened.log.follow.bind(opened.log),
      appender: opened.log.appender.bind(opened.log),
    } as unknown as Log
    const central = await installation.process(away, { folder, readWithinMs: 20 })
    const { part, worked } = partOf('gw-1')
    await central.attach(part)
    assert.deepEqual([worked, central.version, central.readable], [[windowOf(20)], 2, false])
    assert.equal(central.states()[0]?.source, 'disk')
    await assert.rejects(central.propose(change(2, windowOf(30))), /could not be read since this process began/)
    const other = await installation.process(opened.log)
    await other.propose(change(2, windowOf(40)))
    back.resolve()
    await until(() => central.version === 3)
    assert.deepEqual(worked.at(-1), windowOf(40))
    assert.equal(central.states()[0]?.source, 'log')
  })

  test('begins with its own configuration where neither log nor disk has one that can be used', async () => {
    await using opened = await embedded()
    await using installation = new Installation()
    const folder = await installation.folder()
    const never = { ensureTopics: () => new Promise(() => {}), appender: opened.log.appender.bind(opened.log) } as unknown as Log
    for (const content of [undefined, '{"topic":', JSON.stringify({ topic: 'another', version: 3, document: windowOf(3) })]) {
      if (content !== undefined) await writeFile(join(folder, 'central-config.gateway.json'), content)
      const central = await installation.process(never, { folder, readWithinMs: 10 })
      assert.deepEqual([central.version, central.latest.document], [0, {}])
    }
  })

  test('begins with the last version that it could work by where it can not by the present one', async () => {
    await using opened = await embedded()
    await using installation = new Installation()
    const folder = await installation.folder()
    const before = await installation.process(opened.log, { folder })
    await before.attach(partOf('gw-1', refusesWide).part)
    await before.propose(change(0, windowOf(10)))
    await until(async () => (await readFile(join(folder, 'central-config.gateway.json'), 'utf8').catch(() => '')).includes('"version":1'))
    await before.propose(change(1, windowOf(1_000)))
    await until(() => before.refusal !== undefined)
    await before.close()
    const central = await installation.process(opened.log, { folder })
    const { part, worked } = partOf('gw-1', refusesWide)
    await central.attach(part)
    assert.deepEqual(worked, [windowOf(10)])
    assert.deepEqual([central.version, central.refusal?.version], [1, 2])
  })

  test('works by the present version once the part that refused it at its beginning is replaced', async () => {
    await using opened = await embedded()
    await using installation = new Installation()
    const central = await installation.process(opened.log)
    await central.propose(change(0, windowOf(1_000)))
    await until(() => central.latest.version === 1 && central.document !== undefined)
    const detach = await central.attach(partOf('wk-1', refusesWide).part)
    assert.deepEqual([central.version, central.refusal?.owner], [0, 'wk-1'])
    detach()
    const { part, worked } = partOf('wk-1')
    await central.attach(part)
    assert.deepEqual([central.version, central.refusal, worked], [1, undefined, [windowOf(1_000)]])
  })

  test('tells who watches of the document, now and later', async () => {
    await using opened = await embedded()
    await using installation = new Installation()
    const central = await installation.process(opened.log)
    const seen: ConfigDocument[] = []
    const end = central.watch(document => void seen.push(document))
    await central.propose(change(0, windowOf(10)))
    await until(() => seen.length === 2)
    end()
    await central.propose(change(1, windowOf(20)))
    await until(() => central.version === 2)
    assert.deepEqual(seen, [{}, windowOf(10)])
  })

  test('goes past a record that is none of its own', async () => {
    await using opened = await embedded()
    await using installation = new Installation()
    const central = await installation.process(opened.log)
    const appender = opened.log.appender({ stored() {}, refused: (_record, reason) => assert.fail(reason) })
    appender.append({
      ...{ topic: installation.topic, partition: 0, key: 'by hand', header: '', deadline: Date.now() + 10_000, resent: false },
      value: Buffer.from('{"version":"two"}'),
    })
    assert.deepEqual(await central.propose(change(0, windowOf(10))), { accepted: true, version: 1 })
  })
})
