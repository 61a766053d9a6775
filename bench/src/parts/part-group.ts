import type { TrialGroup } from '../trial.ts'

/** Servers that a group starts for itself. */
export type Backend = 'Kafka' | 'Redis'

/** A part of Causeway, beside the least that could do the same. */
export interface PartGroup extends TrialGroup {
  /** Where one can't be started, the group is not measured. Default: none. */
  needs?: readonly Backend[]
  /** Of its trials, known before it is started. Default: known only then. */
  names?: readonly string[]
}
