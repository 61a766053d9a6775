import { LEDGER_FIELDS } from '@causeway/redis'

/** What was in flight counts as expired from now on; what is parked or retrying, when its turn comes. Gives whose it was: principal, epoch, incarnation. */
const endLua = `
local function end_session(tag, sid)
  local key = tag .. 's:' .. sid
  local s = redis.call('HMGET', key, 'c', 'f', 'w', 'y', 'p', 'e', 'i')
  local in_flight = tonumber(s[1] or 0) - tonumber(s[2] or 0) - tonumber(s[3] or 0)
  if in_flight > 0 then redis.call('HINCRBY', tag .. 't', ${LEDGER_FIELDS.expired}, in_flight) end
  -- state that services keep of it
  local services, at = s[4] or '', 1
  while at <= #services do
    local ends = string.find(services, ';', at, true)
    redis.call('DEL', tag .. 'y:' .. string.sub(services, at, ends - 1) .. ':' .. sid)
    at = ends + 1
  end
  redis.call('DEL', key, tag .. 'o:' .. sid, tag .. 'x:' .. sid, tag .. 'r:' .. sid)
  redis.call('ZREM', tag .. 'z', sid)
  return s[5] or '', s[6] or '0', s[7] or ''
end
`

/**
 * Ends sessions past their time.
 *
 * ARGV  1 prefix  2 now, Unix ms  3 most sessions a bucket  4 buckets
 * Keys  all keys of the sessions, ends, totals (keys.ts)
 * Returns  four a session ended: session, principal, epoch, incarnation
 */
export const sweepScript = `${endLua}
local prefix, now, limit, buckets = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local ended = {}
for bucket = 0, buckets - 1 do
  local tag = prefix .. ':{' .. bucket .. '}:'
  for _, sid in ipairs(redis.call('ZRANGEBYSCORE', tag .. 'z', '-inf', now, 'LIMIT', 0, limit)) do
    for _, part in ipairs({ sid, end_session(tag, sid) }) do ended[#ended + 1] = part end
  end
end
return ended
`

/**
 * Ends one session on its client's wish.
 *
 * ARGV  1 prefix  2 bucket  3 session  4 epoch
 * Returns  1 when it ended, 0 where a newer epoch holds it or it is missing
 */
export const endScript = `${endLua}
local tag, sid = ARGV[1] .. ':{' .. ARGV[2] .. '}:', ARGV[3]
if redis.call('HGET', tag .. 's:' .. sid, 'e') ~= ARGV[4] then return 0 end
end_session(tag, sid)
return 1
`

/**
 * ARGV  1 prefix, then four a message: bucket, session, incarnation, msgId
 * Returns  per message 0 fresh, 1 finished, 2 gone, as one text of digits
 */
export const marksScript = `
local answers = {}
for i = 2, #ARGV, 4 do
  local tag, sid, msg_id = ARGV[1] .. ':{' .. ARGV[i] .. '}:', ARGV[i + 1], tonumber(ARGV[i + 3])
  local s = redis.call('HMGET', tag .. 's:' .. sid, 'i', 'd', 'x')
  local answer = '0'
  if s[1] ~= ARGV[i + 2] then answer = '2'
  elseif msg_id <= tonumber(s[2]) then answer = '1'
  elseif tonumber(s[3]) > 0 and redis.call('ZSCORE', tag .. 'x:' .. sid, msg_id) then answer = '1' end
  answers[#answers + 1] = answer
end
return table.concat(answers)
`
