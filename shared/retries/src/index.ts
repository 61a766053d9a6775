export type {
  AttemptError,
  DeadLetter,
  DeadLetterEntry,
  ParkAnswer,
  PartitionOwner,
  Retries,
  RetryCounts,
  RetryMessage,
  RetryRunner,
  RetryWorker,
  RunnerLease,
  RunOutcome,
} from './retries.ts'
export { deadLetterId, retryJobId } from './retries.ts'
