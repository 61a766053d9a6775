import { LEDGER_FIELDS, waitLua } from '@causeway/redis'

/** A partition that nobody holds is anybody's. */
const ownerLua = `
local function is_owner(holders, partition, worker)
  local holder = worker ~= '' and redis.call('HGET', holders, partition)
  return not holder or holder == worker
end
`

const { parked: PARKED, retrying: RETRYING } = LEDGER_FIELDS

/**
 * Parking of a service's messages behind their session's head. Every parked message, the head's own included, lies in the
 * session's sorted set, so that a head whose job is lost can be scheduled again from there.
 * Heads: hash, session -> "token;msgId;job id"; token `-` until a runner claims it. Keys: heads, parked (keys.ts).
 */

/**
 * Makes a message the head, or parks it behind another.
 * ARGV  1 prefix  2 bucket  3 service  4 session  5 msgId  6 packed message  7 job id  8 token ('' for the dispatcher: a runner's moves the head on)
 *       9 incarnation  10 holders  11 partition  12 worker ('' for nobody in particular)
 * Returns  'head' | 'parked' | 'lost' (the runner's token is no longer the head's, or another worker holds the partition)
 */
export const headScript = `${waitLua}${ownerLua}
local tag = ARGV[1] .. ':{' .. ARGV[2] .. '}:'
local sid, msg_id, token = ARGV[4], ARGV[5], ARGV[8]
if not is_owner(ARGV[10], ARGV[11], ARGV[12]) then return 'lost' end
local heads, parked = tag .. 'h:' .. ARGV[3], tag .. 'k:' .. ARGV[3] .. ':' .. sid
local head = redis.call('HGET', heads, sid)
if token ~= '' and (not head or string.sub(head, 1, #token) ~= token) then return 'lost' end
redis.call('ZREMRANGEBYSCORE', parked, msg_id, msg_id)
redis.call('ZADD', parked, msg_id, ARGV[6])
if head and token == '' and string.match(head, ';(%d+);') ~= msg_id then
  wait_as(tag, sid, ARGV[9], msg_id, '${PARKED}')
  return 'parked'
end
wait_as(tag, sid, ARGV[9], msg_id, '${RETRYING}')
if head and token == '' then return 'head' end
redis.call('HSET', heads, sid, (token == '' and '-' or token) .. ';' .. msg_id .. ';' .. ARGV[7])
return 'head'
`

/**
 * ARGV  1 prefix  2 holders  3 partition  4 worker ('' for nobody in particular), then six a message: bucket, service, session, msgId, packed message, incarnation
 * Returns  per message p parked, g go, h it is the head, l another worker holds the partition, as one text
 */
export const parkScript = `${waitLua}${ownerLua}
local answers = {}
if not is_owner(ARGV[2], ARGV[3], ARGV[4]) then return string.rep('l', (#ARGV - 4) / 6) end
for i = 5, #ARGV, 6 do
  local tag, service, sid, msg_id = ARGV[1] .. ':{' .. ARGV[i] .. '}:', ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  local head = redis.call('HGET', tag .. 'h:' .. service, sid)
  local answer = 'g'
  if head then
    answer = 'h'
    if string.match(head, ';(%d+);') ~= msg_id then
      local parked = tag .. 'k:' .. service .. ':' .. sid
      redis.call('ZREMRANGEBYSCORE', parked, msg_id, msg_id)
      redis.call('ZADD', parked, msg_id, ARGV[i + 4])
      wait_as(tag, sid, ARGV[i + 5], msg_id, '${PARKED}')
      answer = 'p'
    end
  end
  answers[#answers + 1] = answer
end
return table.concat(answers)
`

/**
 * A runner takes the head. ARGV  1 prefix  2 bucket  3 service  4 session  5 msgId  6 token
 * Returns  1, or 0 where this message is not the head (any more)
 */
export const claimScript = `
local heads = ARGV[1] .. ':{' .. ARGV[2] .. '}:h:' .. ARGV[3]
local head = redis.call('HGET', heads, ARGV[4])
if not head or string.match(head, ';(%d+);') ~= ARGV[5] then return 0 end
redis.call('HSET', heads, ARGV[4], ARGV[6] .. string.sub(head, string.find(head, ';', 1, true), -1))
return 1
`

/**
 * The next parked message of a runner; a head with none left is cleared.
 * ARGV  1 prefix  2 bucket  3 service  4 session  5 token
 * Returns  the packed message, or false
 */
export const nextScript = `
local tag = ARGV[1] .. ':{' .. ARGV[2] .. '}:'
local heads = tag .. 'h:' .. ARGV[3]
local head = redis.call('HGET', heads, ARGV[4])
if not head or string.sub(head, 1, #ARGV[5]) ~= ARGV[5] then return false end
local next = redis.call('ZRANGE', tag .. 'k:' .. ARGV[3] .. ':' .. ARGV[4], 0, 0)[1]
if not next then redis.call('HDEL', heads, ARGV[4]) end
return next or false
`

/**
 * A message of a route without order is to be run again; it has no head, the ledger alone knows it.
 * ARGV  1 prefix  2 bucket  3 session  4 msgId  5 incarnation  6 holders  7 partition  8 worker ('' for nobody in particular)
 * Returns  1, or 0 where another worker holds the partition
 */
export const retryAloneScript = `${waitLua}${ownerLua}
if not is_owner(ARGV[6], ARGV[7], ARGV[8]) then return 0 end
wait_as(ARGV[1] .. ':{' .. ARGV[2] .. '}:', ARGV[3], ARGV[5], ARGV[4], '${RETRYING}')
return 1
`
