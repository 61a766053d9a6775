export type {
  AttemptError,
  DeadLetter,
  DeadLetterEntry,
  ParkAnswer,
  Retries,
  RetryCounts,
  RetryMessage,
  RetryRunner,
  RetryWorker,
  RunnerLease,
  RunOutcome,
} from './retries.ts'
export { deadLetterId, retryJobId } from './retries.ts'
