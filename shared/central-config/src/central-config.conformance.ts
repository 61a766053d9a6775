import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { embeddedChannels } from '@causeway/channels/embedded'
import type { ConfigDocument } from '@causeway/config'
import type { Log } from '@causeway/log'
import { silentLogger } from '@causeway/telemetry'
import { uniqueName, until } from '@causeway/testing'
import { CentralConfig, type CentralConfigOptions } from './central-config.ts'
import type { ConfigPart } from './parts.ts'

/** A part that remembers by what it worked, and refuses what it is told to. */
export function partOf(owner: string, refuses: (document: ConfigDocument) => string | undefined = () => undefined) {
  const worked: ConfigDocument[] = []
  let abandoned = 0
  const part: ConfigPart = {
    owner,
    prepare(document) {
      const why = refuses(document)
      if (why !== undefined) throw new Error(why)
      return { commit: () => void worked.push(document), abandon: () => void abandoned++ }
    },
  }
  return { part, worked, abandoned: () => abandoned }
}

export const windowOf = (messages: number): ConfigDocument => ({ gateway: { window: messages } })

/** Central configurations of several processes over one log. */
export class Installation implements AsyncDisposable {
  readonly topic = uniqueName('causeway.config')
  readonly #channels = embeddedChannels()
  readonly #folders: string[] = []
  readonly #opened: CentralConfig[] = []

  async process(log: Log, options: Partial<CentralConfigOptions> = {}): Promise<CentralConfig> {
    const folder = options.folder ?? (await this.folder())
    const own = { folder, role: 'gateway', logger: silentLogger, channels: this.#channels }
    const central = await CentralConfig.open({ log, topic: this.topic, replication: 1, ...own, ...options })
    this.#opened.push(central)
    return central
  }

  async folder(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'causeway-central-'))
    this.#folders.push(folder)
    return folder
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const central of this.#opened) await central.close()
    for (const folder of this.#folders) await rm(folder, { recursive: true, force: true })
  }
}

export const change = (base: number, document: ConfigDocument, by = 'tester') => ({
  base,
  document,
  by,
  reason: `after ${base}`,
  at: Date.now(),
})

/** What the central configuration shows over any log. `open` gives a log for one process of the same installation. */
export function centralConfigConformance(name: string, open: () => Promise<{ log: Log; close(): Promise<void> }>): void {
  describe(`central configuration: ${name}`, () => {
    const onProcesses = (
      behaviour: string,
      run: (first: CentralConfig, second: CentralConfig, join: () => Promise<CentralConfig>) => Promise<void>,
    ) =>
      test(behaviour, async () => {
        const opened = [await open(), await open(), await open()]
        const logs = [...opened]
        try {
          await using installation = new Installation()
          const join = () => installation.process(logs.shift()!.log)
          await run(await join(), await join(), join)
        } finally {
          for (const each of opened) await each.close()
        }
      })

    onProcesses('begins empty, and gives a change to every process', async (first, second) => {
      assert.deepEqual([first.version, first.latest.document], [0, {}])
      const parts = [partOf('gw-1'), partOf('gw-2')]
      await first.attach(parts[0]!.part)
      await second.attach(parts[1]!.part)
      assert.deepEqual(await first.propose(change(0, windowOf(10))), { accepted: true, version: 1 })
      for (const central of [first, second]) await until(() => central.version === 1, { what: 'the version to be worked by' })
      for (const { worked } of parts) assert.deepEqual(worked, [{}, windowOf(10)])
      assert.deepEqual(await second.propose(change(1, windowOf(20))), { accepted: true, version: 2 })
      for (const central of [first, second]) await until(() => central.version === 2, { what: 'the next version to be worked by' })
    })

    onProcesses('lets exactly one of those win who change the same version at once', async (first, second, join) => {
      for (let base = 0; base < 5; base++) {
        const writers = [first, second, first, second]
        const outcomes = await Promise.all(
          writers.map((central, index) => central.propose(change(base, windowOf(base * 10 + index + 1), `${index}`))),
        )
        assert.equal(outcomes.filter(({ accepted }) => accepted).length, 1)
        assert.ok(outcomes.every(({ version }) => version === base + 1))
        const winner = outcomes.findIndex(({ accepted }) => accepted)
        for (const central of [first, second]) await until(() => central.latest.version === base + 1, { what: 'both to know of it' })
        for (const central of [first, second]) assert.deepEqual(central.latest.document, windowOf(base * 10 + winner + 1))
      }
      const third = await join()
      assert.deepEqual(third.latest, first.latest)
      assert.deepEqual(third.history(), second.history())
    })

    onProcesses('refuses a change of a version that is not the present one', async (first, second) => {
      await first.propose(change(0, windowOf(10)))
      await until(() => second.latest.version === 1, { what: 'the other to know of it' })
      assert.deepEqual(await second.propose(change(0, windowOf(20))), { accepted: false, version: 1 })
      assert.deepEqual(second.latest.document, windowOf(10))
    })

    onProcesses('keeps who, when, why and what of each version', async (first, _second, join) => {
      await first.propose(change(0, windowOf(10), 'anna'))
      await first.propose(change(1, windowOf(20), 'ben'))
      const central = await join()
      assert.deepEqual(
        central.history().map(({ version, by, reason }) => [version, by, reason]),
        [
          [2, 'ben', 'after 1'],
          [1, 'anna', 'after 0'],
        ],
      )
      assert.deepEqual(
        central.history(2, 10).map(({ version }) => version),
        [1],
      )
      assert.deepEqual([central.documentOf(1), central.documentOf(0), central.documentOf(7)], [windowOf(10), {}, undefined])
    })
  })
}
