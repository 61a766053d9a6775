import type { Scenario } from '../scenario.ts'
import { embedded } from '../surroundings.ts'

/** kill -9 of the one process that holds everything, a hundred times, on one data folder: nothing acknowledged is lost. */
export const embeddedKill: Scenario = {
  name: 'embedded-kill',
  breaks: 'kill -9 of the embedded process',
  surroundings: embedded,
  begin: async installation => void (await installation.addEmbedded()),
  load: {
    sessions: 16,
    depth: 8,
    rate: 60,
    slowMs: 400,
    mix: { count: 12, slow: 4, note: 2, flaky: 1, poison: 1, stream: 1, push: 1, reject: 1 },
  },
  rounds: 100,
  async round({ installation, note, pause }) {
    const [process] = installation.gateways
    await pause(300, 900)
    note('kill -9')
    await process.kill()
    await process.start()
  },
}
