import type { AnnouncedProcess, GatewayProcess, KnownRoute, Picture, RouteSpec, WorkerProcess } from './registry.ts'

/** A route as it is remembered beyond its workers. */
export type RememberedRoute = RouteSpec & { service: string; lastSeen: number }

/** Puts live processes and remembered routes together; a route some live worker serves counts as seen now. */
export function makePicture(processes: readonly AnnouncedProcess[], remembered: readonly RememberedRoute[], now: number): Picture {
  const gateways = processes.filter((process): process is GatewayProcess => process.kind === 'gateway')
  const workers = processes.filter((process): process is WorkerProcess => process.kind === 'worker')
  const routes = new Map<string, KnownRoute>(remembered.map(route => [route.name, route]))
  for (const worker of workers) {
    for (const route of worker.routes) routes.set(route.name, { ...route, service: worker.service, lastSeen: now })
  }
  return { gateways, workers, routes, stale: false }
}

/** The clash of a new worker with a live one, told as an error text; undefined where there is none. */
export function findClash(worker: WorkerProcess, others: readonly WorkerProcess[]): string | undefined {
  const ownOpcodes = new Map<number, string>()
  for (const route of worker.routes) {
    const twin = route.opcode === undefined ? undefined : ownOpcodes.get(route.opcode)
    if (twin !== undefined)
      return `routes ${twin} and ${route.name} of service ${worker.service} both have opcode ${route.opcode}: give one of them another`
    if (route.opcode !== undefined) ownOpcodes.set(route.opcode, route.name)
  }
  for (const other of others) {
    for (const route of other.routes) {
      const same = worker.routes.find(own => own.name === route.name)
      if (same !== undefined && other.service !== worker.service) {
        return `route ${route.name} is served by service ${other.service} already, so service ${worker.service} may not serve it: rename one of them`
      }
      const clash = worker.routes.find(own => own.opcode !== undefined && own.opcode === route.opcode && own.name !== route.name)
      if (clash !== undefined)
        return `opcode ${route.opcode} of route ${clash.name} belongs to route ${route.name} of service ${other.service}: choose another`
    }
  }
  return undefined
}

/** What a change of the picture is to a gateway: processes and routes, not their figures. */
export function pictureSignature(picture: Picture): string {
  const processes = [...picture.gateways, ...picture.workers].map(process => process.id).sort()
  const routes = [...picture.routes.values()]
    .map(route => [route.name, route.service, route.opcode, route.timeoutMs, route.oneWay, route.order, route.priority].join(' '))
    .sort()
  return JSON.stringify([processes, routes, picture.stale])
}
