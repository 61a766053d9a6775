import { murmur2, utf8Encode } from '@causeway/protocol'
import type { KnownRoute, Picture, RouteTrack } from './registry.ts'
import { STABLE, trackName } from './tracks.ts'

/** Shares of a service's sessions by track, in whatever unit; a track that is not named gets none. */
export type TrackWeights = Readonly<Record<string, number>>

/** What a configuration says of services, as far as tracks go. */
export type ServiceTracks = Readonly<Record<string, { readonly tracks?: TrackWeights }>>

/** Where nobody says otherwise. */
const STABLE_ALONE: TrackWeights = { [STABLE]: 1 }
/** Shares are told apart down to a hundredth of a percent. */
const POINTS = 10_000

/** The registry's picture as whoever sends messages asks for it: which route, whether it is served, and on which track of its service. */
export class RouteTable {
  #byName: ReadonlyMap<string, KnownRoute> = new Map()
  #byOpcode = new Map<number, KnownRoute>()
  /** Of routes that live workers serve. */
  #live = new Set<string>()
  /** The same by route and track. */
  readonly #liveTracks = new Map<string, Set<string>>()
  /** Services with a live worker on `stable`. */
  #liveStable = new Set<string>()
  #services: string[] = []
  #weights: ReadonlyMap<string, TrackWeights> = new Map()
  /** Rises whenever a track may be chosen otherwise than before. */
  version = 0

  follow(picture: Picture): void {
    this.#byName = picture.routes
    this.#live = new Set(picture.workers.flatMap(worker => worker.routes.map(route => route.name)))
    this.#liveTracks.clear()
    this.#liveStable = new Set(picture.workers.filter(({ track = STABLE }) => track === STABLE).map(({ service }) => service))
    const names = new Set<string>()
    for (const { service, track = STABLE, routes } of picture.workers) {
      if (routes.length > 0) names.add(trackName(service, track))
      for (const { name } of routes) this.#liveTracks.set(name, (this.#liveTracks.get(name) ?? new Set()).add(track))
    }
    const byOpcode = new Map<number, KnownRoute>()
    for (const route of picture.routes.values()) {
      for (const { track } of route.tracks ?? [{ track: STABLE }]) names.add(trackName(route.service, track))
      if (route.opcode === undefined) continue
      const other = byOpcode.get(route.opcode)
      if (other === undefined || this.#newer(route, other)) byOpcode.set(route.opcode, route)
    }
    this.#byOpcode = byOpcode
    this.#services = [...names].sort()
    this.version++
  }

  /**
   * Sets the shares of all services' tracks, in place of those before; of a service that is not named or has none, all goes to `stable`.
   * Throws a TypeError where a share is no number from 0, or all of a service are 0; then nothing is changed.
   */
  setTracks(services: ServiceTracks): void {
    const weights = new Map<string, TrackWeights>()
    for (const [service, { tracks }] of Object.entries(services)) if (tracks !== undefined) weights.set(service, checked(service, tracks))
    this.#weights = weights
    this.version++
  }

  /** A remembered route may have had the opcode before: a live one goes first, then the one seen last. */
  #newer(route: KnownRoute, other: KnownRoute): boolean {
    const live = Number(this.#live.has(route.name)) - Number(this.#live.has(other.name))
    return live !== 0 ? live > 0 : route.lastSeen > other.lastSeen
  }

  /** Of all routes ever served. */
  get names(): string[] {
    return [...this.#byName.keys()]
  }

  byName(name: string): KnownRoute | undefined {
    return this.#byName.get(name)
  }

  byOpcode(opcode: number): KnownRoute | undefined {
    return this.#byOpcode.get(opcode)
  }

  /** Whether some worker serves it, or did within `graceMs`: until then requests are stored and wait within their deadlines. On one track of its service, or on any. */
  isServed(route: KnownRoute, now: number, graceMs: number, on?: string): boolean {
    if (on === undefined || route.tracks === undefined) return this.#live.has(route.name) || now - route.lastSeen <= graceMs
    const found = route.tracks.find(({ track }) => trackName(route.service, track) === on)
    return found !== undefined && (this.#liveTracks.get(route.name)?.has(found.track) === true || now - found.lastSeen <= graceMs)
  }

  /**
   * The track that a session's messages to a route take, by its name in the log: the same at every gateway, and for as long as shares and workers stand.
   * A share that grows takes sessions from `stable` alone. A track without a live worker gets none at once, so that a canary that dies is a canary
   * no more; `stable` keeps its share without workers too, for their grace: its outage is not the canary's to bear.
   */
  trackOf(route: KnownRoute, session: string): string {
    const { service, tracks } = route
    if (tracks === undefined) return service
    if (tracks.length === 1) return trackName(service, tracks[0].track)
    const weights = this.weightsOf(service)
    const live = this.#liveTracks.get(route.name)
    const awaited = (track: string): boolean => track === STABLE && !this.#liveStable.has(service)
    const open = tracks.filter(({ track }) => (weights[track] ?? 0) > 0 && (live?.has(track) === true || awaited(track)))
    return trackName(service, open.length === 0 ? this.#refuge(tracks, live) : chosen(open, weights, `${service}/${session}`))
  }

  /** Where no track with a share can be taken: who serves it, or did last; `stable` before others. */
  #refuge(tracks: readonly RouteTrack[], live: ReadonlySet<string> | undefined): string {
    const [first] = [...tracks].sort((a, b) => rank(b, live) - rank(a, live) || b.lastSeen - a.lastSeen)
    return first.track
  }

  weightsOf(service: string): TrackWeights {
    return this.#weights.get(service) ?? STABLE_ALONE
  }

  /** Services as they are called in the log: each further track is one of its own. */
  get services(): string[] {
    return this.#services
  }
}

function checked(service: string, weights: TrackWeights): TrackWeights {
  const shares = Object.entries(weights)
  const wrong = shares.find(([, share]) => !(Number.isFinite(share) && share >= 0))
  if (wrong !== undefined) throw new TypeError(`tracks of ${service}: ${wrong[0]} has the share ${wrong[1]}: expected a number from 0`)
  if (shares.every(([, share]) => share === 0)) throw new TypeError(`tracks of ${service}: no track has a share above 0`)
  return { ...weights }
}

const rank = ({ track }: RouteTrack, live: ReadonlySet<string> | undefined): number =>
  (live?.has(track) === true ? 2 : 0) + (track === STABLE ? 1 : 0)

/** `stable` comes last, so that the others' sessions stay theirs while their share grows. */
function chosen(open: readonly RouteTrack[], weights: TrackWeights, key: string): string {
  const total = open.reduce((sum, { track }) => sum + weights[track], 0)
  const point = (((murmur2(utf8Encode(key)) >>> 0) % POINTS) / POINTS) * total
  let upTo = 0
  const others = open.filter(({ track }) => track !== STABLE)
  for (const { track } of others) {
    upTo += weights[track]
    if (point < upTo) return track
  }
  return others.length < open.length ? STABLE : others.at(-1)!.track
}
