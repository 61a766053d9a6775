import { LEDGER_FIELDS } from '@causeway/redis'
import { EPOCH_BASE } from './script-store.ts'

/**
 * Takes a session over for a new connection: next epoch, new holder.
 *
 * ARGV  1 prefix  2 bucket  3 session  4 token digest  5 gateway  6 end, Unix ms  7 highest delivery its client has taken  8 principal
 *       9 stored mark that its client was told  10 attempt (0: not numbered)  11 ... stored messages for whose answers its client waits
 * Keys  session, outbox, finished-above, ends, totals, generation, lossy (keys.ts)
 * Returns  {'unknown'} | {'denied'} | {'stale'} | {'resumed', incarnation, epoch, principal, seq, stored mark, done mark, recovered 0|1, previous gateway, stored count, acknowledged, finished above ...}
 * Events  PUBLISH "session epoch" to the take-over channel of the gateway that held it, where it is another
 */
export const resumeScript = `
local prefix, bucket, sid, token, gateway, ends, taken = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6], tonumber(ARGV[7])
local attempt = tonumber(ARGV[10])
local call = redis.call
local tag = prefix .. ':{' .. bucket .. '}:'
local key = tag .. 's:' .. sid
local s = call('HMGET', key, 'i', 'e', 'q', 'd', 's', 'a', 't', 'p', 'g', 'b', 'f', 'w', 'c', 'k', 'u', 'l', 'v', 'h')
local generation = call('GET', prefix .. ':generation') or '0'
if not s[1] then return {'unknown'} end
if s[7] ~= token or s[8] ~= ARGV[8] then return {'denied'} end
-- the same attempt is the same call made again: its first reply may have been lost
if attempt > 0 and attempt < tonumber(s[18] or 0) then return {'stale'} end
-- in a new generation the last ones may be lost
local epoch = tonumber(s[2]) + 1
if s[17] ~= generation then epoch = math.max(epoch, math.floor(tonumber(generation) / 100000) - ${EPOCH_BASE}) end
local seq, acked = tonumber(s[3]), tonumber(s[6])
local recovered = (not s[10] and taken >= acked and taken <= seq) and 1 or 0
-- the store has lost something since it was confirmed last, or when it was, and what was under way then still is
local lossy, confirmed = tonumber(call('GET', prefix .. ':lossy') or 0), tonumber(s[15])
if confirmed < lossy or (confirmed == lossy and tonumber(s[4]) < tonumber(s[16])) then recovered = 0 end
local first = taken < seq and call('XRANGE', tag .. 'o:' .. sid, '0-' .. (taken + 1), '+', 'COUNT', 1)[1]
if taken < seq and (not first or first[1] ~= '0-' .. (taken + 1)) then recovered = 0 end
-- said at each resume until the client has been heard after one
if recovered == 0 then
  call('HSET', key, 'b', 'e' .. epoch)
  -- what is gone, or a jump of the numbers, is no delivery that the client could acknowledge
  acked = first and tonumber(string.match(first[1], '%-(%d+)$')) - 1 or seq
end
if taken > seq then seq = taken end
if taken > acked then
  call('XTRIM', tag .. 'o:' .. sid, 'MINID', '0-' .. (taken + 1))
  acked = taken
end
-- Between the mark known here and the one the client was told: what is finished, and what the client waits for. Refused numbers leave
-- holes, so the difference of the marks says nothing; notifications among them are counted when they are finished.
local stored, done, finished, waiting, accepted = tonumber(s[5]), tonumber(s[4]), tonumber(s[11]), tonumber(s[12]), tonumber(s[13])
local above = call('ZRANGE', tag .. 'x:' .. sid, 0, -1)
local mark = math.max(stored, done, tonumber(ARGV[9]))
local from, count = stored, tonumber(s[14])
if done >= stored then from, count = done, finished - #above end
local known = {}
for _, id in ipairs(above) do known[tonumber(id)] = true end
for i = 11, #ARGV do known[tonumber(ARGV[i])] = true end
for id in pairs(known) do
  if id > from and id <= mark then count = count + 1 end
end
local told = math.max(done >= mark and 0 or count, finished + waiting)
if told ~= accepted then call('HINCRBY', tag .. 't', ${LEDGER_FIELDS.accepted}, told - accepted) end
-- the session has a new incarnation since (script-renew.ts): what its client was told of has the old one, and ends here too
if s[10] == 'w' and told > finished + waiting then
  call('HINCRBY', tag .. 't', ${LEDGER_FIELDS.expired}, told - finished - waiting)
  call('HSET', key, 'f', told - waiting)
end
-- where it was told of nothing, a loss that is found later may still be this session's
local under_way = 0
if recovered == 1 then
  under_way = tonumber(s[16])
  if s[15] ~= generation then under_way = done < mark and mark or 0 end
end
call('HSET', key, 'e', epoch, 'g', gateway, 'q', seq, 'a', acked, 's', mark, 'k', count, 'c', told, 'u', generation, 'l', under_way, 'v', generation)
if attempt > 0 then call('HSET', key, 'h', ARGV[10]) end
call('ZADD', tag .. 'z', ends, sid)
if s[9] ~= '' and s[9] ~= gateway then call('PUBLISH', prefix .. ':c:' .. s[9], sid .. ' ' .. epoch) end
local reply = {'resumed', s[1], tostring(epoch), s[8], tostring(seq), tostring(mark), s[4], tostring(recovered), s[9], tostring(count), tostring(acked)}
for _, id in ipairs(above) do reply[#reply + 1] = id end
return reply
`
