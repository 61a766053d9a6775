import { countWriteLua, LEDGER_FIELDS, waitLua } from '@causeway/redis'

/** A partition that nobody holds is anybody's. What is kept is a counted write: its message's offset is committed after it. */
const ownerLua = `${countWriteLua}
local function is_owner(holders, partition, worker)
  local holder = worker ~= '' and redis.call('HGET', holders, partition)
  return not holder or holder == worker
end

-- the answer, and the number of the write that gave it
local function counted(answer)
  return {answer, count_write(ARGV[1], redis.call('GET', ARGV[1] .. ':generation') or '0', ARGV[2])}
end
`

const { parked: PARKED, retrying: RETRYING } = LEDGER_FIELDS

/**
 * Parking of a service's messages behind their lane's head. Every parked message, the head's own included, lies in the
 * lane's sorted set, so that a head whose job is lost can be scheduled again from there.
 * Heads: hash, lane -> "token;msgId;job id"; token `-` until a runner claims it. Keys: heads, parked (keys.ts).
 */

/**
 * Makes a message the head, or parks it behind another.
 * ARGV  1 prefix  2 highest write seen  3 bucket  4 service  5 session  6 msgId  7 packed message  8 job id  9 token ('' for the dispatcher: a runner's moves the head on)
 *       10 incarnation  11 lane  12 holders  13 partition  14 worker ('' for nobody in particular)
 * Returns  {'head' | 'parked' | 'ended' (it is finished: read again after a crash, it may be asked for while its own job ends it) | 'lost' (the runner's token is no longer the head's, or another worker holds the partition), number of the write}
 */
export const headScript = `${waitLua}${ownerLua}
local tag = ARGV[1] .. ':{' .. ARGV[3] .. '}:'
local sid, msg_id, token, lane = ARGV[5], ARGV[6], ARGV[9], ARGV[11]
if not is_owner(ARGV[12], ARGV[13], ARGV[14]) then return counted('lost') end
local heads, parked = tag .. 'h:' .. ARGV[4], tag .. 'k:' .. ARGV[4] .. ':' .. lane
local head = redis.call('HGET', heads, lane)
if token ~= '' and (not head or string.sub(head, 1, #token) ~= token) then return counted('lost') end
if not head then
  local session = redis.call('HMGET', tag .. 's:' .. sid, 'i', 'd')
  local finished = session[1] == ARGV[10] and (tonumber(msg_id) <= tonumber(session[2]) or redis.call('ZSCORE', tag .. 'x:' .. sid, msg_id))
  if finished then return counted('ended') end
end
redis.call('ZREMRANGEBYSCORE', parked, msg_id, msg_id)
redis.call('ZADD', parked, msg_id, ARGV[7])
if head and token == '' and string.match(head, ';(%d+);') ~= msg_id then
  wait_as(tag, sid, ARGV[10], msg_id, '${PARKED}')
  return counted('parked')
end
wait_as(tag, sid, ARGV[10], msg_id, '${RETRYING}')
if head and token == '' then return counted('head') end
redis.call('HSET', heads, lane, (token == '' and '-' or token) .. ';' .. msg_id .. ';' .. ARGV[8])
return counted('head')
`

/**
 * ARGV  1 prefix  2 highest write seen  3 holders  4 partition  5 worker ('' for nobody in particular), then seven a message: bucket, service, session, msgId, packed message, incarnation, lane
 * Returns  {per message p parked, g go, h it is the head, l another worker holds the partition, as one text, number of the write}
 */
export const parkScript = `${waitLua}${ownerLua}
local answers = {}
if not is_owner(ARGV[3], ARGV[4], ARGV[5]) then return counted(string.rep('l', (#ARGV - 5) / 7)) end
for i = 6, #ARGV, 7 do
  local lane = ARGV[i + 6]
  local tag, service, sid, msg_id = ARGV[1] .. ':{' .. ARGV[i] .. '}:', ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  local head = redis.call('HGET', tag .. 'h:' .. service, lane)
  local answer = 'g'
  if head then
    answer = 'h'
    if string.match(head, ';(%d+);') ~= msg_id then
      local parked = tag .. 'k:' .. service .. ':' .. lane
      redis.call('ZREMRANGEBYSCORE', parked, msg_id, msg_id)
      redis.call('ZADD', parked, msg_id, ARGV[i + 4])
      wait_as(tag, sid, ARGV[i + 5], msg_id, '${PARKED}')
      answer = 'p'
    end
  end
  answers[#answers + 1] = answer
end
return counted(table.concat(answers))
`

/**
 * A runner takes the head. ARGV  1 prefix  2 bucket  3 service  4 lane  5 msgId  6 token
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
 * ARGV  1 prefix  2 bucket  3 service  4 lane  5 token
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
 * ARGV  1 prefix  2 highest write seen  3 bucket  4 session  5 msgId  6 incarnation  7 holders  8 partition  9 worker ('' for nobody in particular)
 * Returns  {'kept' | 'lost' (another worker holds the partition), number of the write}
 */
export const retryAloneScript = `${waitLua}${ownerLua}
if not is_owner(ARGV[7], ARGV[8], ARGV[9]) then return counted('lost') end
wait_as(ARGV[1] .. ':{' .. ARGV[3] .. '}:', ARGV[4], ARGV[6], ARGV[5], '${RETRYING}')
return counted('kept')
`
