/**
 * Names of all keys and channels in Redis. `{bucket}` is the hash tag: murmur2(session) mod 256.
 *
 *   <prefix>:{B}:s:<session>            hash    the session: i incarnation, g gateway, e epoch, q seq, d done mark, x finished above it,
 *                                               a acknowledged, s stored mark, t token digest, p principal, n open streams,
 *                                               b something was lost: 1 deliveries, l it may be a message under way, e and the epoch in which its client is told,
 *                                               u the generation that confirmed the session, l messages up to it were under way then (0: none), v the generation that gave its epoch,
 *                                               f finished, k accepted up to s, c accepted, w waiting (script-ledger.ts),
 *                                               y services that keep state of it, each ended by `;`; of a source session (an emitter's): m its last number, j the generation that gave it
 *   <prefix>:{B}:o:<session>            stream  the outbox: id 0-seq, field f the frame
 *   <prefix>:{B}:x:<session>            zset    finished above the done mark: member msgId, score prev
 *   <prefix>:{B}:r:<session>            hash    streams begun: msgId -> run:next chunk
 *   <prefix>:{B}:p:<session>            hash    waiting messages: msgId -> 9 parked, 10 retrying
 *   <prefix>:{B}:t                      hash    the bucket's totals (script-ledger.ts)
 *   <prefix>:{B}:z                      zset    sessions of the bucket by end, Unix ms
 *   <prefix>:{B}:h:<service>            hash    heads: lane (laneOf) -> token;msgId;job id
 *   <prefix>:{B}:k:<service>:<lane>     zset    parked messages: score msgId, member the packed message
 *   <prefix>:{B}:y:<service>:<session>  hash    a service's state of the session: v its version, .<key> the value
 *   <prefix>:{B}:e:<service>            stream  emits of a service that wait for the log: field r msgId u32, prev u32, incarnation u8+bytes, record
 *   <prefix>:shared:<service>           hash    what a service keeps for all its sessions: <key> the number of the write that made it, f64, and the value
 *   <prefix>:n:<gateway>                string  number of the last wake-up batch to a gateway
 *   <prefix>:holders:<service>          hash    partition -> worker that holds it (shared/registry)
 *   <prefix>:late:<service>:<partition> zset    sessions that a former holder still has in a handler: "worker session" by the end of its name (shared/registry)
 *   <prefix>:run                        string  run_id of the server that was adopted last (script-writes.ts)
 *   <prefix>:generation                 string  the number from which it counts writes
 *   <prefix>:writes                     string  number of the last counted write
 *   <prefix>:kept                       zset    generation by its number: member the last write counted before it
 *   <prefix>:lossy                      string  the last generation that was found to have begun without the last writes of the one before
 *   <prefix>:w:<gateway>                channel wake-ups
 *   <prefix>:b:<gateway>                channel turns whose frames a wake-up points at (shared/sessions, script-finish.ts)
 *   <prefix>:c:<gateway>                channel take-overs: "session epoch"
 */
export const DEFAULT_PREFIX = 'causeway'

export const sessionKey = (prefix: string, bucket: number, session: string): string => `${prefix}:{${bucket}}:s:${session}`
export const outboxKey = (prefix: string, bucket: number, session: string): string => `${prefix}:{${bucket}}:o:${session}`
export const endsKey = (prefix: string, bucket: number): string => `${prefix}:{${bucket}}:z`
export const headsKey = (prefix: string, bucket: number, service: string): string => `${prefix}:{${bucket}}:h:${service}`
export const parkedKey = (prefix: string, bucket: number, service: string, session: string): string =>
  `${prefix}:{${bucket}}:k:${service}:${session}`
export const emitsKey = (prefix: string, bucket: number, service: string): string => `${prefix}:{${bucket}}:e:${service}`
export const sharedKey = (prefix: string, service: string): string => `${prefix}:shared:${service}`
export const batchNumberKey = (prefix: string, gateway: string): string => `${prefix}:n:${gateway}`
/** Which worker holds which partition of a service; written by the registry, a fence for the retries. */
export const holdersKey = (prefix: string, service: string): string => `${prefix}:holders:${service}`
export const generationKey = (prefix: string): string => `${prefix}:generation`
export const lossyKey = (prefix: string): string => `${prefix}:lossy`
export const writesKey = (prefix: string): string => `${prefix}:writes`
export const totalsKey = (prefix: string, bucket: number): string => `${prefix}:{${bucket}}:t`
export const wakeChannel = (prefix: string, gateway: string): string => `${prefix}:w:${gateway}`
export const turnChannel = (prefix: string, gateway: string): string => `${prefix}:b:${gateway}`
export const takeoverChannel = (prefix: string, gateway: string): string => `${prefix}:c:${gateway}`
/** Buckets a session key can have. */
export const BUCKETS = 256
