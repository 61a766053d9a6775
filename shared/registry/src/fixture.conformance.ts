import { type Capability, uniqueName } from '@causeway/testing'
import type { Registry, RouteSpec, WorkerProcess } from './registry.ts'

/** A registry under test; `close` releases everything behind it. */
export interface OpenedRegistry {
  registry: Registry
  close(): Promise<void>
  /** The registry of another process; closed by `close`. */
  another(): Promise<Registry>
  /** Ends a registry as a killed process does: no renewal any more, nothing withdrawn. */
  kill?(registry: Registry): Promise<void>
}

export interface RegistryCapabilities {
  /** `kill` is there. */
  kills: Capability
}

export type OnRegistry = (behaviour: string, run: (opened: OpenedRegistry) => Promise<void>, options?: { skip?: false | string }) => void

/** ms; beside the contract's time, what a busy machine may take. */
export const GRACE_MS = 500

export const route = (changes: Partial<RouteSpec> = {}): RouteSpec => ({
  name: uniqueName('route'),
  opcode: undefined,
  oneWay: false,
  timeoutMs: 5_000,
  order: 'session',
  priority: 'normal',
  ...changes,
})
export const worker = (changes: Partial<WorkerProcess> = {}): WorkerProcess => ({
  kind: 'worker',
  id: uniqueName('worker'),
  host: 'host',
  startedAt: 1_700_000_000_000,
  stats: {},
  service: uniqueName('service'),
  version: '1',
  routes: [route()],
  ...changes,
})
