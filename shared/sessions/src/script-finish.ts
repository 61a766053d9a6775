import { OUTBOX_BYTES } from '@causeway/protocol'
import { countWriteLua, LEDGER_FIELDS, NUMBERS_PER_MS } from '@causeway/redis'
import { effectsLua } from './script-finish-effects.ts'
import { CONFIRM_MS, SEQ_JUMP } from './script-store.ts'

/** So many deliveries are within the bound of bytes whatever their size: it is not looked at. */
const FEW_DELIVERIES = 16
/** Frames up to so many bytes together are joined: a second message costs more. */
const JOINED_BYTES = 4 << 10
/** A gateway gets the turn as it came while at least this part of it is its own. */
const TURN_SHARE = 4

/**
 * Ends messages, adds chunks and pushes: one call for a whole turn of a worker.
 *
 * ARGV  1 the packed turn (finish-pack.ts)  2 key prefix  3 outbox limit, deliveries (for pushes and chunks)  4 load: queue ms u32, service u8+bytes  5 highest write seen
 * Packed turn, big-endian, a group a session: bucket u8, session u8+bytes, incarnation u8+bytes ('': any), entries u32, their length u32, entries
 *   entry: kind u8, outcome u8, msgId u32, prev u32, [run u8+bytes, chunk u32]?, [service u8+bytes, token u8+bytes, lane u8+bytes ('': the session)]?, [effects u32+bytes]?, frame u32+bytes
 *   kind: 0 final, 1 final of a stream, 2 chunk, 3 push; +8 with unpark, +16 with effects (effects-pack.ts)
 * Keys  session, outbox, finished-above, streams, waiting, heads and parked of each session; totals of its bucket; batch number; generation, writes, lossy (keys.ts)
 * Returns  its number as a write f64, then for each entry that is not plainly done: index u32, status u8, parked u8
 *   status: 0 done 1 duplicate 2 expired 3 streamTaken 4 outboxFull 5 failed 6 unconfirmed 7 conflict 8 emitsFull 9 sharedFull; parked: 0 none 1 more 2 cleared 3 lost
 * Events  for each gateway, on its wake-up channel: number f64, load as given, form u8, length of the groups u32, a group a session: session u8+bytes, count u16, deliveries: seq u32, length u32, at u32
 *   (seq 0: no delivery, at is the msgId of a message that ended without one). Form 0: the frames follow, one behind the other. Form 1: the packed turn follows on the
 *   gateway's turn channel, and each frame lies in it at so many bytes. Lua hashes every string it makes, byte by byte, and joins long ones in many steps: a turn that is
 *   published as it came costs none of that.
 * The ledger's rule: with the chain closed up to the stored mark, accepted is what is finished or waits; else at least what the gateway told.
 * A session that the store's present generation has not confirmed (script-store.ts) is unconfirmed as a whole, to be tried again.
 * A session's reads come before its writes and its first write is the only one that can be refused, so its effect is whole or none.
 */
export const finishScript = `${countWriteLua}
local turn, prefix, outbox_limit = ARGV[1], ARGV[2], tonumber(ARGV[3])
local unpack, pack, call, format = struct.unpack, struct.pack, redis.call, string.format
local size, at, index = #turn, 1, 0
local generation = call('GET', prefix .. ':generation') or '0'
local write = count_write(prefix, generation, ARGV[5])
local wakes, gateways, tallies, answers = {}, {}, {}, {}

local function unpark(tag, lane, msg_id, service, token)
  local heads = tag .. 'h:' .. service
  local head = call('HGET', heads, lane)
  if not head or string.sub(head, 1, #token) ~= token then return 3 end
  local parked = tag .. 'k:' .. service .. ':' .. lane
  call('ZREMRANGEBYSCORE', parked, msg_id, msg_id)
  if call('EXISTS', parked) == 1 then return 1 end
  call('HDEL', heads, lane)
  return 2
end

-- what the group's entries changed so far
local tag, sid, key, gateway, seq, done, above, acked, streams, list, frames, head_at, frames_at, made
local tally, finished, waiting

local function count(field, n) tally[field] = (tally[field] or 0) + n end

-- it is parked or retrying no more
local function leave_waiting(msg_id)
  local field = call('HGET', tag .. 'p:' .. sid, msg_id)
  if not field then return false end
  call('HDEL', tag .. 'p:' .. sid, msg_id)
  count(tonumber(field), -1)
  return true
end

-- frame_at: where in the turn it lies
local function deliver(frame, frame_at)
  seq = seq + 1
  call('XADD', tag .. 'o:' .. sid, format('0-%d', seq), 'f', frame)
  list[#list + 1] = pack('>I4I4I4', seq, #frame, frame_at)
  frames[#frames + 1] = frame
  made = made + 1
end

-- for pushes and chunks: an answer always finds room
local function outbox_full()
  local kept = seq - acked
  -- numbers may have jumped (script-store.ts)
  if kept >= outbox_limit then kept = call('XLEN', tag .. 'o:' .. sid) end
  if kept >= outbox_limit then return true end
  return kept >= ${FEW_DELIVERIES} and (call('MEMORY', 'USAGE', tag .. 'o:' .. sid) or 0) > ${OUTBOX_BYTES}
end

local function is_finished(msg_id)
  return msg_id <= done or (above > 0 and call('ZSCORE', tag .. 'x:' .. sid, msg_id) ~= false)
end

local function mark(msg_id, prev)
  if prev > done then
    call('ZADD', tag .. 'x:' .. sid, prev, msg_id)
    above = above + 1
    return
  end
  done = msg_id
  while above > 0 do
    local following = call('ZRANGEBYSCORE', tag .. 'x:' .. sid, '-inf', done, 'LIMIT', 0, 1)[1]
    if not following then return end
    call('ZREM', tag .. 'x:' .. sid, following)
    above = above - 1
    following = tonumber(following)
    if following > done then done = following end
  end
end

-- a repeat may know the message before it better than the first finish did: after a resume the chain is only guessed
local function close_gap(msg_id, prev)
  if msg_id <= done then return end
  local known = tonumber(call('ZSCORE', tag .. 'x:' .. sid, msg_id))
  if prev >= known then return end
  call('ZREM', tag .. 'x:' .. sid, msg_id)
  above = above - 1
  mark(msg_id, prev)
end

-- 0 the stream's next chunk, 1 one already taken, 3 another run's
local function stream_step(msg_id, run, chunk)
  local state = call('HGET', tag .. 'r:' .. sid, msg_id)
  if not state then return chunk == 0 and 0 or 3 end
  local sep = string.find(state, ':', 1, true)
  if string.sub(state, 1, sep - 1) ~= run then return 3 end
  local wanted = tonumber(string.sub(state, sep + 1))
  if chunk == wanted then return 0 end
  return chunk < wanted and 1 or 3
end

${effectsLua}
local function entry_effect(kind, outcome, msg_id, prev, run, chunk, frame, frame_at, packed, packed_at)
  if kind == 3 then
    if msg_id > 0 and is_finished(msg_id) then return 1 end
    if outbox_full() then return 4 end
    deliver(frame, frame_at)
    return 0
  end
  if is_finished(msg_id) then
    if kind < 2 then close_gap(msg_id, prev) end
    return 1
  end
  if kind > 0 then
    local step = stream_step(msg_id, run, chunk)
    if step ~= 0 then return step end
  end
  if kind == 2 then
    if outbox_full() then return 4 end
    deliver(frame, frame_at)
    if chunk == 0 then streams = streams + 1 end
    call('HSET', tag .. 'r:' .. sid, msg_id, run .. ':' .. (chunk + 1))
    return 0
  end
  local effects
  if packed then
    effects = (effective or make_effective()).of(packed)
    local status = effective.forbidden(effects)
    if status ~= 0 then return status end
    local pushes = effects.pushes
    for i = 1, #pushes, 2 do deliver(pushes[i], packed_at + pushes[i + 1]) end
  end
  if frame ~= '' then
    deliver(frame, frame_at)
  else
    list[#list + 1] = pack('>I4I4I4', 0, 0, msg_id)
    made = made + 1
  end
  if streams > 0 and call('HDEL', tag .. 'r:' .. sid, msg_id) == 1 then streams = streams - 1 end
  mark(msg_id, prev)
  finished = finished + 1
  count(outcome, 1)
  if waiting > 0 and leave_waiting(msg_id) then waiting = waiting - 1 end
  if effects then effective.take(effects) end
  return 0
end

-- counted when its session ended, but for what waited then
local function expire_waiting(msg_id, session_lives)
  if not leave_waiting(msg_id) then return end
  count(${LEDGER_FIELDS.expired}, 1)
  if not session_lives then return end
  call('HINCRBY', key, 'f', 1)
  call('HINCRBY', key, 'w', -1)
end

-- the store may have lost what this session was last given: nothing is added until its gateway has confirmed it, or can't be waited for
local function doubt()
  local time = call('TIME')
  if time[1] * 1000 + time[2] / 1000 < tonumber(generation) / ${NUMBERS_PER_MS} + ${CONFIRM_MS} then error('unconfirmed', 0) end
  seq = seq + ${SEQ_JUMP}
  call('HSET', key, 'u', generation, 'b', 1)
end

local function group_effect(incarnation, from, to)
  local state = call('HMGET', key, 'i', 'g', 'q', 'd', 'x', 'a', 'n', 'f', 'w', 'c', 's', 'u')
  local gone = not state[1] or (incarnation ~= '' and state[1] ~= incarnation)
  if not gone then
    gateway, seq, done, above, acked, streams = state[2], tonumber(state[3]), tonumber(state[4]), tonumber(state[5]), tonumber(state[6]), tonumber(state[7])
    local wake = wakes[gateway]
    if not wake then wake = {list = {}, frames = {}} wakes[gateway] = wake gateways[#gateways + 1] = gateway end
    list, frames = wake.list, wake.frames
    finished, waiting = tonumber(state[8]), tonumber(state[9])
    head_at, frames_at, made = #list + 1, #frames + 1, 0
    list[head_at] = ''
    if state[12] ~= generation then doubt() end
  end
  local pos = from
  while pos < to do
    local kind, outcome, msg_id, prev, run, chunk, service, token, lane, frame, effects, effects_at
    kind, outcome, msg_id, prev, pos = unpack('>BBI4I4', turn, pos)
    local with_effects = kind >= 16
    if with_effects then kind = kind - 16 end
    local with_unpark = kind >= 8
    if with_unpark then kind = kind - 8 end
    if kind == 1 or kind == 2 then run, chunk, pos = unpack('>Bc0I4', turn, pos) end
    if with_unpark then service, token, lane, pos = unpack('>Bc0Bc0Bc0', turn, pos) end
    if with_effects then
      effects, pos = unpack('>I4c0', turn, pos)
      effects_at = pos - 1 - #effects
    end
    frame, pos = unpack('>I4c0', turn, pos)
    local status, parked = 2, 0
    if gone then
      if kind < 2 then expire_waiting(msg_id, state[1]) end
    else
      status = entry_effect(kind, outcome, msg_id, prev, run, chunk, frame, pos - 1 - #frame, effects, effects_at)
    end
    -- what its effects forbid is handled again
    if with_unpark and status < 4 then parked = unpark(tag, lane ~= '' and lane or sid, msg_id, service, token) end
    if status ~= 0 or parked ~= 0 then answers[#answers + 1] = pack('>I4BB', index, status, parked) end
    index = index + 1
  end
  if gone then return end
  if made > 0 then list[head_at] = pack('>Bc0I2', #sid, sid, made) end
  local told, accepted = tonumber(state[10]), finished + waiting
  if done < tonumber(state[11]) and told > accepted then accepted = told end
  if accepted ~= told then count(${LEDGER_FIELDS.accepted}, accepted - told) end
  call('HSET', key, 'q', seq, 'd', done, 'f', finished, 'c', accepted)
  if above ~= tonumber(state[5]) or streams ~= tonumber(state[7]) or waiting ~= tonumber(state[9]) then
    call('HSET', key, 'x', above, 'n', streams, 'w', waiting)
  end
end

while at <= size do
  local bucket, incarnation, entries, length
  bucket, sid, incarnation, entries, length, at = unpack('>BBc0Bc0I4I4', turn, at)
  tag = prefix .. ':{' .. bucket .. '}:'
  key = tag .. 's:' .. sid
  tally = tallies[bucket]
  if not tally then tally = {} tallies[bucket] = tally end
  local first, kept = index, #answers
  list = nil
  local ok, err = pcall(group_effect, incarnation, at, at + length)
  if not ok then
    if err ~= 'unconfirmed' then redis.log(redis.LOG_WARNING, 'causeway finish: session ' .. sid .. ': ' .. tostring(type(err) == 'table' and err.err or err)) end
    if list then
      for i = #list, head_at, -1 do list[i] = nil end
      for i = #frames, frames_at, -1 do frames[i] = nil end
    end
    for i = #answers, kept + 1, -1 do answers[i] = nil end
    local status = err == 'unconfirmed' and 6 or 5
    for i = 0, entries - 1 do answers[#answers + 1] = pack('>I4BB', first + i, status, 0) end
  end
  index = first + entries
  at = at + length
end

for _, gw in ipairs(gateways) do
  local wake, bytes = wakes[gw], 0
  local body = table.concat(wake.list)
  if gw ~= '' and #body > 0 then
    for _, frame in ipairs(wake.frames) do bytes = bytes + #frame end
    local whole = bytes > ${JOINED_BYTES} and bytes * ${TURN_SHARE} >= size
    local head = pack('>d', call('INCR', prefix .. ':n:' .. gw)) .. ARGV[4] .. pack('>BI4', whole and 1 or 0, #body) .. body
    if not whole and bytes > 0 then head = head .. table.concat(wake.frames) end
    call('PUBLISH', prefix .. ':w:' .. gw, head)
    if whole then call('PUBLISH', prefix .. ':b:' .. gw, turn) end
  end
end
for bucket, tally in pairs(tallies) do
  local totals = prefix .. ':{' .. bucket .. '}:t'
  -- accepted and answered in one is what most messages are: one call for both
  local plain = math.min(tally[${LEDGER_FIELDS.accepted}] or 0, tally[${LEDGER_FIELDS.answered}] or 0)
  if plain > 0 then
    call('HINCRBY', totals, ${LEDGER_FIELDS.plain}, plain)
    tally[${LEDGER_FIELDS.accepted}] = tally[${LEDGER_FIELDS.accepted}] - plain
    tally[${LEDGER_FIELDS.answered}] = tally[${LEDGER_FIELDS.answered}] - plain
  end
  for field, n in pairs(tally) do if n ~= 0 then call('HINCRBY', totals, field, n) end end
end
return pack('>d', write) .. table.concat(answers)
`
