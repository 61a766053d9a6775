import { FRAME_MS } from './limits.ts'

interface Waiter<T> {
  match: (item: T) => boolean
  resolve: (item: T) => void
}

/** What has come and was not taken, in order; whoever waits takes the first that fits. */
export class Inbox<T> {
  readonly items: T[] = []
  readonly #waiters: Waiter<T>[] = []
  #ended: string | undefined
  readonly #rejections = new Set<(error: Error) => void>()

  add(item: T): void {
    const index = this.#waiters.findIndex(waiter => waiter.match(item))
    if (index < 0) this.items.push(item)
    else this.#waiters.splice(index, 1)[0].resolve(item)
  }

  /** Nothing more will come: who still waits is told. */
  end(reason: string): void {
    this.#ended ??= reason
    for (const reject of this.#rejections) reject(new Error(`waited in vain: ${reason}`))
  }

  /** The first item that fits, come or still to come; rejects after `timeoutMs` or at the end, naming `what`. */
  async take(what: string, match: (item: T) => boolean = () => true, timeoutMs = FRAME_MS): Promise<T> {
    const index = this.items.findIndex(match)
    if (index >= 0) return this.items.splice(index, 1)[0]
    if (this.#ended !== undefined)
      throw new Error(`waited for ${what} in vain: ${this.#ended}; left over: ${JSON.stringify(this.items).slice(0, 2_000)}`)
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    const waiter = { match, resolve }
    this.#waiters.push(waiter)
    this.#rejections.add(reject)
    const timer = setTimeout(
      () =>
        reject(new Error(`waited ${timeoutMs} ms for ${what} in vain; come and not taken: ${JSON.stringify(this.items).slice(0, 2_000)}`)),
      timeoutMs,
    )
    try {
      return await promise
    } finally {
      clearTimeout(timer)
      this.#rejections.delete(reject)
      const at = this.#waiters.indexOf(waiter)
      if (at >= 0) this.#waiters.splice(at, 1)
    }
  }
}
