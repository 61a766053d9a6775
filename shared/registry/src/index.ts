export type {
  AnnouncedProcess,
  Announcement,
  GatewayProcess,
  KnownRoute,
  Picture,
  Registry,
  RouteSpec,
  Watching,
  WorkerProcess,
} from './registry.ts'
export { LEASE_MS } from './registry.ts'
