import type { KnownRoute, Picture } from '@causeway/registry'

/** The routes of the registry's picture as admission asks for them. */
export class RouteTable {
  #byName: ReadonlyMap<string, KnownRoute> = new Map()
  #byOpcode = new Map<number, KnownRoute>()
  #live = new Set<string>()

  follow(picture: Picture): void {
    this.#byName = picture.routes
    this.#live = new Set(picture.workers.flatMap(worker => worker.routes.map(route => route.name)))
    const byOpcode = new Map<number, KnownRoute>()
    for (const route of picture.routes.values()) {
      if (route.opcode === undefined) continue
      const other = byOpcode.get(route.opcode)
      if (other === undefined || this.#newer(route, other)) byOpcode.set(route.opcode, route)
    }
    this.#byOpcode = byOpcode
  }

  /** A remembered route may have had the opcode before: a live one goes first, then the one seen last. */
  #newer(route: KnownRoute, other: KnownRoute): boolean {
    const live = Number(this.#live.has(route.name)) - Number(this.#live.has(other.name))
    return live !== 0 ? live > 0 : route.lastSeen > other.lastSeen
  }

  byName(name: string): KnownRoute | undefined {
    return this.#byName.get(name)
  }

  byOpcode(opcode: number): KnownRoute | undefined {
    return this.#byOpcode.get(opcode)
  }

  /** Whether some worker serves it, or did within `graceMs`: until then requests are stored and wait within their deadlines. */
  isServed(route: KnownRoute, now: number, graceMs: number): boolean {
    return this.#live.has(route.name) || now - route.lastSeen <= graceMs
  }

  get services(): string[] {
    return [...new Set([...this.#byName.values()].map(route => route.service))].sort()
  }
}
