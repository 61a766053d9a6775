export type {
  AnnouncedProcess,
  Announcement,
  GatewayProcess,
  Held,
  KnownRoute,
  LateSession,
  Picture,
  Priority,
  Registry,
  RouteSpec,
  Watching,
  WorkerProcess,
} from './registry.ts'
export { LATE_SESSIONS, LEASE_MS, PRIORITIES } from './registry.ts'
