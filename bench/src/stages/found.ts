// What is kept of the stages and flames, and what docs/stages.md is made from.
import type { Machine } from '../machine.ts'
import type { Account } from './account.ts'
import type { Cost } from './flame-tree.ts'

/** The folder of the page's figures and charts, seen from the page. */
export const STAGES_FOLDER = 'stages'

/** How something was measured. */
export interface Circumstances {
  machine: Machine
  /** ISO 8601. */
  date: string
  command: string
  /** Measured time, s; of the account that of each round. */
  seconds: number
}

/** What is kept of the account. */
export interface KeptAccount extends Circumstances {
  rounds: number
  systems: readonly AccountedSystem[]
}

export interface AccountedSystem {
  name: string
  versions: Record<string, string>
  shapes: readonly Account[]
}

/** What is kept of one process's flames; its graph is a file of its own. */
export interface KeptFlame {
  id: string
  busy: number
  roundTripsPerSecond: number
  versions: Record<string, string>
  /** Those that cost most themselves. */
  functions: readonly Cost[]
  groups: readonly Cost[]
}

export interface KeptFlames extends Circumstances {
  processes: readonly KeptFlame[]
}

export interface KeptStages {
  account?: KeptAccount
  flames?: KeptFlames
}
