/**
 * What dead letters keep in Redis beside BullMQ's queues `<service>-dead` (the letters) and `<service>-replays` (replays that are to run):
 *
 *   <prefix>:dead-services                  zset    services that have had a letter
 *   <prefix>:dead:<service>                 zset    letters by the time they were given up, Unix ms
 *   <prefix>:dead-about:<service>           hash    letter -> its summary, JSON
 *   <prefix>:dead-replays:<service>:<id>    hash    n last number, open "n;batch" and ";s" once begun, last outcome, r<n> the replay, JSON
 *   <prefix>:dead-open:<service>            zset    letters with a replay under way, by the time it is due, Unix ms
 *   <prefix>:replay-batches                 zset    batches by time, Unix ms
 *   <prefix>:replay-batch:<batch>           hash    about and edit, JSON; sealed, stopped: 1; refused and each outcome: counts; x:<letter> refusal
 *   <prefix>:audit                          stream  the audit log: field e, JSON
 */
export const deadServicesKey = (prefix: string): string => `${prefix}:dead-services`
export const deadKey = (prefix: string, service: string): string => `${prefix}:dead:${service}`
export const deadAboutKey = (prefix: string, service: string): string => `${prefix}:dead-about:${service}`
export const deadReplaysKey = (prefix: string, service: string, id: string): string => `${prefix}:dead-replays:${service}:${id}`
export const deadOpenKey = (prefix: string, service: string): string => `${prefix}:dead-open:${service}`
export const replayBatchesKey = (prefix: string): string => `${prefix}:replay-batches`
export const replayBatchKey = (prefix: string, batch: string): string => `${prefix}:replay-batch:${batch}`
export const auditKey = (prefix: string): string => `${prefix}:audit`
