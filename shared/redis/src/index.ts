export type { RedisOptions } from './connect.ts'
export { closeRedis, connectRedis } from './connect.ts'
export {
  BUCKETS,
  batchNumberKey,
  DEFAULT_PREFIX,
  emitsKey,
  endsKey,
  headsKey,
  holdersKey,
  outboxKey,
  parkedKey,
  sessionKey,
  sharedKey,
  takeoverChannel,
  totalsKey,
  turnChannel,
  wakeChannel,
} from './keys.ts'
export { Script } from './script.ts'
export { LEDGER_FIELDS, waitLua } from './script-ledger.ts'
export { countWriteLua, NUMBERS_PER_MS } from './script-writes.ts'
export { StoreWitness } from './store-witness.ts'
