import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ConfigError } from '@causeway/config'
import { silentLogger } from '@causeway/telemetry'
import { until } from '@causeway/testing'
import { ProcessGroup } from './process-group.ts'
import { ProcessLine } from './process-line.ts'
import { pauseAfter } from './process-place.ts'
import type { SharedPorts } from './shared-ports.ts'

const MODULE = fileURLToPath(new URL('./process-group.fixture.ts', import.meta.url))
const PORTS: SharedPorts = { named: { tcpPort: 1, httpPort: 2, adminPort: 3, tlsPort: 4, httpsPort: 5 }, listeners: [6] }

/** A group of processes that do, one after the other in each place, what the test says: 'serve', 'killed', an exit status. */
class GroupUnderTest {
  readonly group: ProcessGroup
  /** By place. */
  readonly begun: ChildProcess[][] = []
  readonly pauses: number[] = []

  constructor(processes: number, what: (place: number, nth: number) => string) {
    this.group = new ProcessGroup({
      ...{ processes, ports: PORTS, drainTimeout: 1_000, logger: silentLogger },
      begin: place => {
        this.begun[place - 1] ??= []
        const before = this.begun[place - 1]!
        const child = fork(MODULE, [String(place), what(place, before.length + 1)])
        before.push(child)
        return child
      },
      pauseAfter: failures => {
        this.pauses.push(failures)
        return 1
      },
    })
  }

  newest(place: number): ChildProcess {
    return this.begun[place - 1]!.at(-1)!
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.group.end('SIGTERM')
  }
}

describe('processes that share ports', () => {
  test('are told the ports, and serve when all do; the first one is waited for', async () => {
    await using under = new GroupUnderTest(3, () => 'serve')
    let whenFirst: number | undefined
    const addresses = await under.group.start(() => {
      whenFirst = under.begun.flat().length
    })
    assert.equal(whenFirst, 1)
    assert.deepEqual(addresses?.json, { ports: PORTS })
    assert.deepEqual(
      under.begun.map(each => each.length),
      [1, 1, 1],
    )
  })

  test('one that dies is followed by another, and the others go on', async () => {
    await using under = new GroupUnderTest(2, () => 'serve')
    await under.group.start(() => {})
    const [stays, dies] = [under.newest(1), under.newest(2)]
    dies.kill('SIGKILL')
    await until(() => under.begun[1]!.length === 2, { what: 'another process' })
    assert.equal(stays.exitCode, null)
    assert.notEqual(under.newest(2).pid, dies.pid)
  })

  test('one that says at the first start why it can not begin ends all, with its status', async () => {
    for (const [status, isConfig] of [
      ['1', false],
      ['78', true],
    ] as const) {
      await using under = new GroupUnderTest(2, () => status)
      await assert.rejects(
        under.group.start(() => {}),
        (error: Error) => error instanceof ConfigError === isConfig && error.message.includes(`with status ${status}`),
      )
      assert.equal(under.begun.flat().length, 1)
    }
  })

  test('one that is killed at the first start is begun again, five times in all', async () => {
    await using under = new GroupUnderTest(2, (_place, nth) => (nth < 3 ? 'killed' : 'serve'))
    assert.ok(await under.group.start(() => {}))
    await using never = new GroupUnderTest(2, () => 'killed')
    await assert.rejects(
      never.group.start(() => {}),
      /process 1 of the gateway ended before it served, with signal SIGKILL/,
    )
    assert.deepEqual([never.begun[0]!.length, never.pauses], [5, [1, 2, 3, 4]])
  })

  test('a place that can not be filled is tried for ever while another serves, and given up with the last of them', async () => {
    await using under = new GroupUnderTest(2, (_place, nth) => (nth === 1 ? 'serve' : '78'))
    await under.group.start(() => {})
    under.newest(2).kill('SIGKILL')
    await until(() => under.begun[1]!.length > 6, { what: 'more tries than five' })
    under.newest(1).kill('SIGKILL')
    assert.equal(await under.group.hopeless, 78)
  })

  test('all end on SIGTERM, and so does the pause before another; their worst status is told', async () => {
    const under = new GroupUnderTest(3, place => (place === 2 ? 'fails to drain' : 'serve'))
    await under.group.start(() => {})
    assert.equal(await under.group.end('SIGTERM'), 3)
    assert.ok(under.begun.flat().every(({ exitCode }) => exitCode !== null))
    assert.equal(under.begun.flat().length, 3)
  })

  test('a pause begins at 250 ms, doubles, and is half a minute at most', () => {
    assert.deepEqual([0, 1, 2, 6, 7, 1_000].map(pauseAfter), [250, 500, 1_000, 16_000, 30_000, 30_000])
  })
})

/** Two ends in one process. */
function lines(answers: Record<string, (argument: unknown) => unknown>, answerMs = 1_000): ProcessLine {
  const heard: ((message: unknown) => void)[][] = [[], []]
  const end = (mine: number) => ({
    send: (message: object) => {
      queueMicrotask(() => heard[1 - mine]![0]!(message))
      return true
    },
    on: (_event: 'message', each: (message: unknown) => void) => heard[mine]!.push(each),
  })
  new ProcessLine(end(1), answerMs, answers)
  return new ProcessLine(end(0), answerMs, {})
}

describe('a line between two processes', () => {
  test('each question gets its own answer', async () => {
    const line = lines({ double: async n => Number(n) * 2, fail: () => Promise.reject(new Error('not today')) })
    assert.deepEqual(await Promise.all([1, 2, 3].map(n => line.ask('double', n))), [2, 4, 6])
    await assert.rejects(line.ask('fail'), { message: 'not today' })
    await assert.rejects(line.ask('unheard of'))
  })

  test('none in time is an error, and so are more questions than may wait', async () => {
    const line = lines({ never: () => new Promise(() => {}) }, 20)
    const asked = Array.from({ length: 65 }, () => line.ask('never').catch((error: Error) => error.message))
    const answers = await Promise.all(asked)
    assert.equal(answers[0], 'never: no answer within 20 ms')
    assert.equal(answers[64], 'never: 64 questions wait for an answer already')
  })
})
