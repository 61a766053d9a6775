import type { DependencyState, Health } from './health.ts'

/** Whether a gateway takes new work. */
export interface Readiness {
  status: 'ready' | 'draining' | 'not ready'
  dependencies: Readonly<Record<string, DependencyState>>
}

export const readinessOf = ({ ok, dependencies }: Health, draining: boolean): Readiness => ({
  status: draining ? 'draining' : ok ? 'ready' : 'not ready',
  dependencies,
})
