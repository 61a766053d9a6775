import type { System } from '../subject.ts'

/** Studies on the same system share it while it runs; it ends before another is started, so that nothing runs beside what is measured. */
export class OneSystem implements AsyncDisposable {
  #running: { name: string; system: System } | undefined

  /** The one of this name, started where it does not run. */
  async of(name: string, start: () => Promise<System>): Promise<System> {
    if (this.#running?.name === name) return this.#running.system
    await this.end()
    this.#running = { name, system: await start() }
    return this.#running.system
  }

  async end(): Promise<void> {
    const running = this.#running
    this.#running = undefined
    await running?.system[Symbol.asyncDispose]()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.end()
  }
}
