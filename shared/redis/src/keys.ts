/**
 * Names of all keys and channels in Redis. `{bucket}` is the hash tag: murmur2(session) mod 256.
 *
 *   <prefix>:{B}:s:<session>            hash    the session: i incarnation, g gateway, e epoch, q seq, d done mark, x finished above it,
 *                                               a acknowledged, s stored mark, t token digest, p principal, n open streams,
 *                                               b deliveries were lost: 1, or e and the epoch in which its client is told, u its generation that confirmed the session, f finished, k accepted up to s, c accepted, w waiting (script-ledger.ts)
 *   <prefix>:{B}:o:<session>            stream  the outbox: id 0-seq, field f the frame
 *   <prefix>:{B}:x:<session>            zset    finished above the done mark: member msgId, score prev
 *   <prefix>:{B}:r:<session>            hash    streams begun: msgId -> run:next chunk
 *   <prefix>:{B}:p:<session>            hash    waiting messages: msgId -> 9 parked, 10 retrying
 *   <prefix>:{B}:t                      hash    the bucket's totals (script-ledger.ts)
 *   <prefix>:{B}:z                      zset    sessions of the bucket by end, Unix ms
 *   <prefix>:{B}:h:<service>            hash    heads: session -> token;msgId;job id
 *   <prefix>:{B}:k:<service>:<session>  zset    parked messages: score msgId, member the packed message
 *   <prefix>:n:<gateway>                string  number of the last wake-up batch to a gateway
 *   <prefix>:holders:<service>          hash    partition -> worker that holds it (shared/registry)
 *   <prefix>:run                        string  run_id of the server that was adopted last (shared/sessions, script-store.ts)
 *   <prefix>:adopted                    string  when, Unix ms
 *   <prefix>:generation                 string  how often a server was adopted
 *   <prefix>:lossy                      string  the generation in which a session was found to have lost deliveries
 *   <prefix>:w:<gateway>                channel wake-ups
 *   <prefix>:c:<gateway>                channel take-overs: "session epoch"
 */
export const DEFAULT_PREFIX = 'causeway'

export const sessionKey = (prefix: string, bucket: number, session: string): string => `${prefix}:{${bucket}}:s:${session}`
export const outboxKey = (prefix: string, bucket: number, session: string): string => `${prefix}:{${bucket}}:o:${session}`
export const endsKey = (prefix: string, bucket: number): string => `${prefix}:{${bucket}}:z`
export const headsKey = (prefix: string, bucket: number, service: string): string => `${prefix}:{${bucket}}:h:${service}`
export const parkedKey = (prefix: string, bucket: number, service: string, session: string): string =>
  `${prefix}:{${bucket}}:k:${service}:${session}`
export const batchNumberKey = (prefix: string, gateway: string): string => `${prefix}:n:${gateway}`
/** Which worker holds which partition of a service; written by the registry, a fence for the retries. */
export const holdersKey = (prefix: string, service: string): string => `${prefix}:holders:${service}`
export const generationKey = (prefix: string): string => `${prefix}:generation`
export const totalsKey = (prefix: string, bucket: number): string => `${prefix}:{${bucket}}:t`
export const wakeChannel = (prefix: string, gateway: string): string => `${prefix}:w:${gateway}`
export const takeoverChannel = (prefix: string, gateway: string): string => `${prefix}:c:${gateway}`
/** Buckets a session key can have. */
export const BUCKETS = 256
