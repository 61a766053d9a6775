import type { Route } from './route.ts'

/** Routes by name; throws a TypeError where two share a name or an opcode. */
export function compileRoutes(service: string, routes: readonly Route[]): ReadonlyMap<string, Route> {
  const byName = new Map<string, Route>()
  const byOpcode = new Map<number, Route>()
  for (const route of routes) {
    if (byName.has(route.name)) throw new TypeError(`service ${service} has two routes named ${route.name}`)
    byName.set(route.name, route)
    if (route.opcode === undefined) continue
    const twin = byOpcode.get(route.opcode)
    if (twin !== undefined)
      throw new TypeError(`routes ${twin.name} and ${route.name} of service ${service} both have opcode ${route.opcode}`)
    byOpcode.set(route.opcode, route)
  }
  return byName
}
