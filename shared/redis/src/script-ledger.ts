/**
 * The ledger in Redis: totals of each bucket, changed by the very scripts that change a session, so that no crash can part them.
 *
 * Totals of a bucket (keys.ts, `t`): field number -> count. Of a session: f finished, c accepted, w waiting (parked or retrying),
 * and the hash `p`: msgId -> its waiting field.
 * Accepted is what the gateway told to be stored, or what the store has met itself, whichever is more: it never lags behind f + w.
 */
export const LEDGER_FIELDS = {
  answered: 0,
  notified: 1,
  rejected: 2,
  failed: 3,
  deadLettered: 4,
  timedOut: 5,
  cancelled: 6,
  /** Its session ended, or lost its data, before it was finished. */
  expired: 7,
  accepted: 8,
  /** Waits behind its session's head. */
  parked: 9,
  /** Failed, and to be run again. */
  retrying: 10,
  /** Accepted and answered, counted in one: to be added to both. */
  plain: 11,
} as const

/**
 * `wait_as(tag, sid, incarnation, msg_id, field)`: the message is parked or retrying from now on. One whose session has ended, or
 * that is finished, is counted already.
 */
export const waitLua = `
local function wait_as(tag, sid, incarnation, msg_id, field)
  local call, entries, key = redis.call, tag .. 'p:' .. sid, tag .. 's:' .. sid
  local known = call('HGET', entries, msg_id)
  if known == field then return end
  if known then
    call('HINCRBY', tag .. 't', known, -1)
  else
    local s = call('HMGET', key, 'i', 'd', 'f', 'c', 'w')
    if s[1] ~= incarnation or tonumber(msg_id) <= tonumber(s[2]) or call('ZSCORE', tag .. 'x:' .. sid, msg_id) then return end
    local met, accepted = tonumber(s[3]) + tonumber(s[5]) + 1, tonumber(s[4])
    call('HINCRBY', key, 'w', 1)
    if met > accepted then
      call('HSET', key, 'c', met)
      call('HINCRBY', tag .. 't', ${LEDGER_FIELDS.accepted}, met - accepted)
    end
  end
  call('HINCRBY', tag .. 't', field, 1)
  call('HSET', entries, msg_id, field)
end
`
