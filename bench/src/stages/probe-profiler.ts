import { Session } from 'node:inspector/promises'
import type { Profile } from './profile.ts'

/** V8's own sampling profiler, for a while of this process. */
export class Profiler {
  readonly #session = new Session()

  /** `intervalUs`: between samples. */
  async start(intervalUs: number): Promise<void> {
    this.#session.connect()
    await this.#session.post('Profiler.enable')
    await this.#session.post('Profiler.setSamplingInterval', { interval: intervalUs })
    await this.#session.post('Profiler.start')
  }

  async stop(): Promise<Profile> {
    const { profile } = await this.#session.post('Profiler.stop')
    this.#session.disconnect()
    return profile as Profile
  }
}
