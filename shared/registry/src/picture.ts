import type { AnnouncedProcess, GatewayProcess, KnownEvent, KnownRoute, Picture, RouteSpec, WorkerProcess } from './registry.ts'
import { eventField, routeField, STABLE } from './tracks.ts'

/** A route as it is remembered beyond its workers. */
export type RememberedRoute = RouteSpec & { service: string; lastSeen: number; track?: string }
/** The same of a session event. */
export type RememberedEvent = KnownEvent & { event: true }
export type Remembered = RememberedRoute | RememberedEvent

/** What is remembered of a worker, each under its field. */
export function memoriesOf({ service, track, routes, events = [] }: WorkerProcess): [field: string, memory: object][] {
  return [
    ...routes.map((route): [string, object] => [routeField(route.name, track), { ...route, service, track }]),
    ...events.map((name): [string, object] => [eventField(name, service), { name, service, event: true }]),
  ]
}

const isEvent = (memory: Remembered): memory is RememberedEvent => 'event' in memory

/** Puts live processes and what is remembered together; what some live worker serves or wants counts as seen now. */
export function makePicture(processes: readonly AnnouncedProcess[], remembered: readonly Remembered[], now: number): Picture {
  const gateways = processes.filter((process): process is GatewayProcess => process.kind === 'gateway')
  const workers = processes.filter((process): process is WorkerProcess => process.kind === 'worker')
  const routes = new Map<string, RememberedRoute>()
  const events = new Map<string, KnownEvent>()
  const remember = (memory: Remembered): void => {
    if (!isEvent(memory)) routes.set(routeField(memory.name, memory.track), memory)
    else events.set(eventField(memory.name, memory.service), { name: memory.name, service: memory.service, lastSeen: memory.lastSeen })
  }
  for (const memory of remembered) remember(memory)
  for (const worker of workers) for (const [, memory] of memoriesOf(worker)) remember({ ...memory, lastSeen: now } as Remembered)
  return { gateways, workers, routes: byName(routes.values()), events: [...events.values()], stale: false }
}

/** One route for all its tracks: as the one that was seen last has it, `stable` before the others. */
function byName(remembered: Iterable<RememberedRoute>): Map<string, KnownRoute> {
  const routes = new Map<string, KnownRoute>()
  for (const { track = STABLE, ...route } of remembered) {
    const other = routes.get(route.name)
    if (other === undefined || other.service !== route.service) {
      if (other === undefined || other.lastSeen < route.lastSeen)
        routes.set(route.name, track === STABLE ? route : { ...route, tracks: [{ track, lastSeen: route.lastSeen }] })
      continue
    }
    const tracks = [...(other.tracks ?? [{ track: STABLE, lastSeen: other.lastSeen }]), { track, lastSeen: route.lastSeen }]
    const first = route.lastSeen > other.lastSeen || (route.lastSeen === other.lastSeen && track === STABLE) ? route : other
    routes.set(route.name, { ...first, tracks: tracks.sort((a, b) => (a.track < b.track ? -1 : 1)) })
  }
  return routes
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
    // what it told before, where it tells anew
    if (other.id === worker.id) continue
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
  const events = picture.events.map(({ name, service }) => `${name} ${service}`).sort()
  const routes = [...picture.routes.values()]
    .map(route =>
      [
        route.name,
        route.service,
        route.opcode,
        route.timeoutMs,
        route.oneWay,
        route.order,
        route.priority,
        ...(route.tracks ?? []).map(({ track }) => track),
      ].join(' '),
    )
    .sort()
  return JSON.stringify([processes, routes, events, picture.stale])
}
