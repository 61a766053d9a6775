/** What is measured, running: processes by the name they have in the report. */
export interface System extends AsyncDisposable {
  /** TCP port on 127.0.0.1 that its generator connects to. */
  port: number
  /** Of several gateways, in their order; absent where there is one. */
  ports?: readonly number[]
  /** Module of the generator that speaks to it: calls `generate` of generate.ts. */
  generator: URL
  /** Begins one more worker; absent where there is one process. */
  addWorker?(): Promise<void>
  /** Processes that were started with a probe, by their name. */
  probes?: Readonly<Record<string, Probe>>
  /** Process ids; of several alike one name. */
  processes: Record<string, number | readonly number[]>
  /** Address of its Redis, where it has one. */
  redis?: string
  /** Version of each part, by its name: servers as they tell it, libraries as installed. */
  versions: Record<string, string>
}

/** The end here of a module that was loaded into a process to look at it. */
export interface Probe {
  /** What it answers; one question at a time. Rejects where it takes longer. */
  ask<T>(question: unknown, timeoutMs: number): Promise<T>
}

/** Something that answers requests: Causeway in one of its forms, or a peer of it. */
export interface Subject {
  /** For `--only`. */
  id: string
  /** For the report. */
  name: string
  /** `ours` is compared with each `peer`; a `transport` stores nothing and routes nothing: how fast the sockets alone are. */
  kind: 'ours' | 'peer' | 'transport'
  /** Which way a round trip goes, through which processes, and how they are tuned. */
  path: string
  /** What a round trip has stored when it is over, and when that is acknowledged. */
  durability: string
  /** Load before its first measured time, ms. */
  firstWarmUpMs: number
  /** Resolves when it serves; rejects with NotInstalled, or BackendUnavailable, where this machine can't run it. */
  start(): Promise<System>
}

/** A program that a measurement needs is not on this machine; the message says how to get it. */
export class NotInstalled extends Error {
  override readonly name = 'NotInstalled'

  constructor(command: string, remedy: string) {
    super(`${command} is not installed (${remedy})`)
  }
}
