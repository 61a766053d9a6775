import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Installation } from '../installation.ts'
import { type Scenario, Skipped } from '../scenario.ts'
import { kafkaAndRedis } from '../surroundings.ts'

const LIBRARY = ['x86_64', 'aarch64'].map(machine => `/usr/lib/${machine}-linux-gnu/faketime/libfaketime.so.1`).find(existsSync)
/** How far a clock jumps, s: less than the time-outs and half a session's life that a wrong clock may take from them. */
const JUMP_S = 25

/** The file in which a process with a clock of its own finds how far it stands off, s. */
const offsetFile = ({ folder }: Installation, name: string): string => join(folder, `${name}.clock`)

async function clockOf(installation: Installation, name: string): Promise<NodeJS.ProcessEnv> {
  const file = offsetFile(installation, name)
  await writeFile(file, '+0')
  // timers run by the monotonic clock, which no real jump moves either
  return { LD_PRELOAD: LIBRARY, FAKETIME_TIMESTAMP_FILE: file, FAKETIME_NO_CACHE: '1', FAKETIME_DONT_FAKE_MONOTONIC: '1' }
}

/** The clocks of one gateway and one worker jump to and fro, those of the others stay. */
export const clockJump: Scenario = {
  name: 'clock-jump',
  breaks: `the clock of a gateway or a worker jumps by ${JUMP_S} s, forth and back`,
  surroundings(open) {
    if (LIBRARY === undefined) throw new Skipped('libfaketime is needed (apt-get install faketime)')
    return kafkaAndRedis(open)
  },
  async begin(installation) {
    await installation.addWorker(await clockOf(installation, 'worker'))
    await installation.addWorker()
    await installation.addGateway(await clockOf(installation, 'gateway'))
    await installation.addGateway()
  },
  load: { sessions: 16, depth: 8, rate: 50, mix: { count: 12, slow: 2, note: 3, flaky: 2, push: 1 } },
  rounds: 8,
  async round({ installation, load, note, pause }, index) {
    const name = index % 2 === 0 ? 'gateway' : 'worker'
    const seconds = [JUMP_S, 0, -JUMP_S, 0][(index >> 1) % 4]
    await pause(500, 2_000)
    note(`the clock of a ${name} stands ${seconds} s off`)
    await writeFile(offsetFile(installation, name), `${seconds < 0 ? '' : '+'}${seconds}`)
    await load.answers(500)
  },
}
