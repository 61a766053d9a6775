/** Dead letters and their replays; keys in dead-letters-keys.ts, given whole. A replay's number and batch lie in the field `open` while it is under way. */

/**
 * Lists a letter that is in its queue; the first time counts.
 * ARGV  1 services  2 dead  3 about  4 service  5 id  6 deadAt, Unix ms  7 summary
 */
export const listLetterScript = `
if redis.call('ZSCORE', ARGV[2], ARGV[5]) then return 0 end
redis.call('ZADD', ARGV[1], 0, ARGV[4])
redis.call('HSET', ARGV[3], ARGV[5], ARGV[7])
redis.call('ZADD', ARGV[2], ARGV[6], ARGV[5])
return 1
`

/**
 * Takes a letter off the list, and its replays with it, unless one is under way.
 * ARGV  1 dead  2 about  3 replays  4 id
 * Returns  1 taken, 0 not listed, -1 a replay is under way
 */
export const unlistLetterScript = `
if redis.call('HGET', ARGV[3], 'open') then return -1 end
redis.call('DEL', ARGV[3])
redis.call('HDEL', ARGV[2], ARGV[4])
return redis.call('ZREM', ARGV[1], ARGV[4])
`

/**
 * Begins replays of one service's letters. Repeated, it answers the same.
 * ARGV  1 JSON: batch (id), batchKey, replays (key but for the id), jobs (key but for the id), open, ids, dues (Unix ms, each of an id), record (of each), kept, told
 * Returns  the number of each replay; 0 another is under way, -1 there is no such letter. Nothing where the batch was cancelled.
 */
export const beginReplaysScript = `
local given = cjson.decode(ARGV[1])
local call = redis.call
local numbers = {}
if call('HGET', given.batchKey, 'stopped') then return numbers end
for i, id in ipairs(given.ids) do
  local key = given.replays .. id
  local open = call('HGET', key, 'open')
  local number = 0
  if open then
    if string.match(open, '^%d+;(%w+)') == given.batch then number = tonumber(string.match(open, '^%d+')) end
  elseif call('EXISTS', given.jobs .. id) == 0 then
    number = -1
  else
    number = call('HINCRBY', key, 'n', 1)
    call('HSET', key, 'open', number .. ';' .. given.batch, 'r' .. number, given.record)
    call('HDEL', key, 'r' .. (number - given.kept))
    call('ZADD', given.open, given.dues[i], id)
  end
  if number < 1 and call('HEXISTS', given.batchKey, 'x:' .. id) == 0 then
    local refused = call('HINCRBY', given.batchKey, 'refused', 1)
    if refused <= given.told then call('HSET', given.batchKey, 'x:' .. id, number == 0 and 'underWay' or 'missing') end
  end
  numbers[i] = number
end
return numbers
`

/**
 * A worker begins with a replay, or begins again.
 * ARGV  1 replays  2 n
 * Returns  its record; nothing where it has ended
 */
export const startReplayScript = `
local open = redis.call('HGET', ARGV[1], 'open')
if not open or string.match(open, '^%d+') ~= ARGV[2] then return false end
if string.sub(open, -2) ~= ';s' then redis.call('HSET', ARGV[1], 'open', open .. ';s') end
return redis.call('HGET', ARGV[1], 'r' .. ARGV[2])
`

/**
 * Keeps what a replay came to; with an outcome it ends.
 * ARGV  1 replays  2 open  3 batch  4 id  5 n  6 record  7 outcome, '' for none yet  8 what \`open\` must be, '' for anything: so one that has begun is not cancelled
 * Returns  1, or 0 where it has ended before, or has begun
 */
export const settleReplayScript = `
local call = redis.call
local open = call('HGET', ARGV[1], 'open')
if not open or string.match(open, '^%d+') ~= ARGV[5] then return 0 end
if ARGV[8] ~= '' and open ~= ARGV[8] then return 0 end
call('HSET', ARGV[1], 'r' .. ARGV[5], ARGV[6])
if ARGV[7] == '' then return 1 end
call('HSET', ARGV[1], 'last', ARGV[7])
call('HDEL', ARGV[1], 'open')
call('ZREM', ARGV[2], ARGV[4])
if call('EXISTS', ARGV[3]) == 1 then call('HINCRBY', ARGV[3], ARGV[7], 1) end
return 1
`
