/** Bounds of dead letters and replays; letters themselves are kept until an operator discards them. */

/** Letters one order may replay: begun in chunks, so that no call holds the store for long. */
export const BATCH_LETTERS = 10_000
/** Letters begun in one call. */
export const BATCH_CHUNK = 500
/** Batches kept for operators, those that run not counted. */
export const BATCHES_KEPT = 200
/** Refused letters a batch names. */
export const REFUSALS_TOLD = 100
/** Replays kept with a letter: the newest ones. */
export const REPLAYS_KEPT = 20
/** Bytes of a result that is kept with its letter; of a larger one only the size is. */
export const RESULT_BYTES = 64 << 10
/** Letters looked at for one page of a list: a filter that fits few of them must not read them all. */
export const LETTERS_READ = 10_000
/** Letters read from the store at a time. */
export const READ_CHUNK = 200
/** Characters of the last error in a summary. */
export const SUMMARY_ERROR = 300
/** A batch that is still being begun after so long, ms, never will be. */
export const BEGIN_MS = 60_000
/** Entries of the audit log; older ones go. */
export const AUDIT_ENTRIES = 10_000
