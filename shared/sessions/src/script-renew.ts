import { LEDGER_FIELDS } from '@causeway/redis'

/**
 * Renewals, trims and marks of many sessions of one gateway.
 *
 * ARGV  1 packed sessions  2 prefix  3 a fresh random text, for incarnations of sessions whose store went back  4 the generation that the gateway knows
 * Packed, big-endian, a session each: bucket u8, session u8+bytes, incarnation u8+bytes, epoch u32, acknowledged u32, stored mark u32, highest seq u32, stored count u32, highest admitted u32, end f64 (0: as it is), greeted u8
 * Keys  session, outbox, ends, totals, generation, lossy (keys.ts)
 * A renewal confirms the session to the store's generation (script-store.ts) where its gateway knew that one when it wrote down what it tells: then it tells all there was before.
 * Returns  '' when all are ok, else per other session: index u32, status u8 (1 gone, 2 replaced, 3 wentBack, 4 lost)
 */
export const renewScript = `
local sessions, prefix, fresh = ARGV[1], ARGV[2], ARGV[3]
local unpack, pack, call = struct.unpack, struct.pack, redis.call
local at, index, answers = 1, 0, {}
local generation = call('GET', prefix .. ':generation') or '0'
local lossy, confirms = tonumber(call('GET', prefix .. ':lossy') or 0), generation == ARGV[4]

-- the stored mark that the gateway tells; returns how many messages are accepted
local function take_mark(tag, key, s, stored, count)
  local accepted = tonumber(s[9])
  if stored <= tonumber(s[5]) then return accepted end
  local told = tonumber(s[7]) + tonumber(s[8])
  if tonumber(s[6]) < stored and count > told then told = count end
  if told ~= accepted then call('HINCRBY', tag .. 't', ${LEDGER_FIELDS.accepted}, told - accepted) end
  call('HSET', key, 's', stored, 'k', count, 'c', told)
  return told
end

while at <= #sessions do
  local bucket, sid, incarnation, epoch, acked, stored, highest, count, admitted, ends, greeted
  bucket, sid, incarnation, epoch, acked, stored, highest, count, admitted, ends, greeted, at = unpack('>BBc0Bc0I4I4I4I4I4I4dB', sessions, at)
  local tag = prefix .. ':{' .. bucket .. '}:'
  local key = tag .. 's:' .. sid
  local s = call('HMGET', key, 'i', 'e', 'q', 'a', 's', 'd', 'f', 'w', 'c', 'u', 'b', 'l')
  local status = 0
  if s[1] ~= incarnation then status = 1
  elseif tonumber(s[2]) > epoch then status = 2
  elseif tonumber(s[3]) < highest or s[11] == '1' or s[11] == 'w' then
    status = 3
    call('SET', prefix .. ':lossy', generation)
    lossy = tonumber(generation)
    local accepted = take_mark(tag, key, s, stored, count)
    -- what was in flight ends here: its finishes bring the old incarnation
    local lost = accepted - tonumber(s[7]) - tonumber(s[8])
    if lost > 0 then call('HINCRBY', tag .. 't', ${LEDGER_FIELDS.expired}, lost) end
    call('HSET', key, 'i', fresh .. index, 'q', math.max(highest, tonumber(s[3])), 'b', 'w', 'u', generation, 'f', accepted - tonumber(s[8]))
  else
    local done, confirmed = tonumber(s[6]), tonumber(s[10])
    local lost = s[11] == 'l' or (confirmed == lossy and done < tonumber(s[12]))
    -- the resume that gave this epoch is lost itself
    if tonumber(s[2]) < epoch then
      lost, lossy = true, tonumber(generation)
      call('SET', prefix .. ':lossy', generation)
    end
    if confirms and s[10] ~= generation then
      local under_way = done < admitted and admitted or 0
      call('HSET', key, 'u', generation, 'l', under_way)
      if confirmed < lossy and under_way > 0 then lost = true end
    end
    if lost then
      status = 4
      call('HSET', key, 'b', 'l', 'l', 0)
    elseif greeted == 1 and s[11] == 'e' .. epoch then
      call('HDEL', key, 'b')
    end
    if acked > tonumber(s[4]) then
      call('XTRIM', tag .. 'o:' .. sid, 'MINID', '0-' .. (acked + 1))
      call('HSET', key, 'a', acked)
    end
    take_mark(tag, key, s, stored, count)
    if ends > 0 then call('ZADD', tag .. 'z', ends, sid) end
  end
  if status ~= 0 then answers[#answers + 1] = pack('>I4B', index, status) end
  index = index + 1
end
return table.concat(answers)
`
