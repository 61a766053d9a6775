import type { Readiness } from './readiness.ts'

/** How one of the processes that share a gateway's ports is. */
export interface ProcessReadiness {
  /** Its place, from 1. */
  process: number
  /** `starting`: there is none in this place yet, or again. `silent`: it does not answer. */
  status: Readiness['status'] | 'starting' | 'silent'
  dependencies?: Readiness['dependencies']
}

/** The gateways that share this one's ports, each a process of its own (docs/adr/0018). Asked when an operator or Prometheus asks, never for a message. */
export interface Siblings {
  /** This gateway's place, from 1. */
  readonly process: number
  /** What the others measure, in Prometheus's format. Of one that does not answer in time there is nothing. */
  metrics(): Promise<string>
  /** How each of the others is. */
  readiness(): Promise<readonly ProcessReadiness[]>
}
