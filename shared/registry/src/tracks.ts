/** The track of a service where nobody says otherwise. */
export const STABLE = 'stable'
/** Its name is part of a topic's, and of a consumer group's. */
export const TRACK_NAME = /^[a-z0-9][a-z0-9-]{0,31}$/

/** What a track of a service is called in the log and in the stores: a service of its own there. No service's name has a `_`. */
export const trackName = (service: string, track: string = STABLE): string => (track === STABLE ? service : `${service}_${track}`)

/** A session event that a service wants, as the registry remembers it. */
export const eventField = (event: string, service: string): string => `~${event}~${service}`
/** A route of a track, as the registry remembers it. No route's name has an `@`. */
export const routeField = (route: string, track: string = STABLE): string => (track === STABLE ? route : `${route}@${track}`)
