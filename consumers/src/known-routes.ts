import { type Registry, RouteTable, type ServiceTracks, type Watching } from '@causeway/registry'

/** Who serves which route, for a worker that sends messages itself: watched from when it is first asked for. */
export class KnownRoutes {
  readonly #registry: Pick<Registry, 'watch'>
  readonly #table = new RouteTable()
  #watching: Promise<Watching> | undefined

  constructor(registry: Pick<Registry, 'watch'>) {
    this.#registry = registry
  }

  /** Rejects where the registry can't be read; the next call tries again. */
  async table(): Promise<RouteTable> {
    this.#watching ??= this.#registry.watch(picture => this.#table.follow(picture))
    const watching = this.#watching
    try {
      await watching
    } catch (error) {
      if (this.#watching === watching) this.#watching = undefined
      throw error
    }
    return this.#table
  }

  /** Shares of all services' tracks, in place of those before. */
  setTracks(services: ServiceTracks): void {
    this.#table.setTracks(services)
  }

  async close(): Promise<void> {
    const watching = await this.#watching?.catch(() => undefined)
    await watching?.close()
  }
}
