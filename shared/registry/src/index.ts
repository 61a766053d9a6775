export type {
  AnnouncedProcess,
  Announcement,
  GatewayProcess,
  KnownRoute,
  Picture,
  Priority,
  Registry,
  RouteSpec,
  Watching,
  WorkerProcess,
} from './registry.ts'
export { LEASE_MS, PRIORITIES } from './registry.ts'
