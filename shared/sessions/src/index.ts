export type { Effects, Emit, EmitWrite, SharedValue, SharedWrite, StateQuery, StateWrite, StoredState, WaitingEmit } from './effects.ts'
export { EMITS_WAITING, EMITS_WAITING_BYTES, SHARED_KEYS } from './effects.ts'
export type { FinishCallback } from './finish-batcher.ts'
export { FinishBatcher } from './finish-batcher.ts'
export type {
  CatchUpAnswer,
  CatchUpQuery,
  Delivery,
  EndedSession,
  FinishChunk,
  FinishEntry,
  FinishFinal,
  FinishPush,
  FinishResult,
  FinishStatus,
  Ledger,
  Listening,
  Mark,
  MarkQuery,
  OpenSession,
  Outcome,
  RenewEntry,
  RenewStatus,
  ResumeRequest,
  ResumeResult,
  ServiceLoad,
  SessionInfo,
  Sessions,
  WakeHandlers,
} from './sessions.ts'
export { OUTCOMES } from './sessions.ts'
export { isPassingState } from './store-refusal.ts'
