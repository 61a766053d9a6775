export type {
  AnnouncedProcess,
  Announcement,
  GatewayProcess,
  Held,
  KnownEvent,
  KnownRoute,
  LateSession,
  Picture,
  Priority,
  Registry,
  RouteSchema,
  RouteSpec,
  RouteTrack,
  Watching,
  WorkerProcess,
} from './registry.ts'
export { LATE_SESSIONS, LEASE_MS, PRIORITIES, SCHEMA_BYTES } from './registry.ts'
export type { ServiceTracks, TrackWeights } from './route-table.ts'
export { RouteTable } from './route-table.ts'
export { STABLE, TRACK_NAME, trackName } from './tracks.ts'
