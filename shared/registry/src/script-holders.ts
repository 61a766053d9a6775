/**
 * Who holds which partition of a service, and which sessions its former holders still have in a handler. Time is the store's own.
 *
 * Keys  <prefix>:holders:<service>           hash  partition -> worker id. A field ends when it is released, or is overwritten by the next holder
 *       <prefix>:late:<service>:<partition>  zset  "worker session" by the end of its name, Unix ms. A member ends when it is settled or has not been renewed for a
 *                                                  lease; the key with its last member, or a lease after its last renewal
 *       <prefix>:leases                      zset  (script-leases.ts)
 */

const nowLua = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`

/** Adds to `reply` partition and session of each name that a worker other than `worker` has given and renewed. */
const lateLua = `
local function add_late(reply, prefix, service, partition, worker)
  for _, name in ipairs(redis.call('ZRANGEBYSCORE', prefix .. ':late:' .. service .. ':' .. partition, now, '+inf')) do
    local space = string.find(name, ' ', 1, true)
    if string.sub(name, 1, space - 1) ~= worker then
      reply[#reply + 1] = partition
      reply[#reply + 1] = string.sub(name, space + 1)
    end
  end
end
`

/**
 * Takes partitions for a worker. A holder without a lease holds nothing.
 * ARGV  1 prefix  2 service  3 worker  4 '1' to take them whoever holds them  5 ... partitions
 * Returns  {those that another living worker holds, {partition, session of each late session of another worker}}
 */
export const holdScript = `${nowLua}${lateLua}
local prefix, holders, worker = ARGV[1], ARGV[1] .. ':holders:' .. ARGV[2], ARGV[3]
local others, late = {}, {}
for i = 5, #ARGV do
  local holder = redis.call('HGET', holders, ARGV[i])
  local is_held = holder and holder ~= worker and tonumber(redis.call('ZSCORE', prefix .. ':leases', holder) or 0) > now
  if is_held then others[#others + 1] = ARGV[i] end
  if not is_held or ARGV[4] == '1' then redis.call('HSET', holders, ARGV[i], worker) end
  add_late(late, prefix, ARGV[2], ARGV[i], worker)
end
return {others, late}
`

/**
 * Frees what a worker holds, and names its late sessions or renews their names. A list that is full takes no new one.
 * ARGV  1 prefix  2 service  3 worker  4 lease of a name, ms  5 most names of a partition  6 number of partitions, then these, then two a late session: partition, session
 */
export const releaseScript = `${nowLua}
local prefix, service, worker, most = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[5])
local holders, first = prefix .. ':holders:' .. service, 7 + tonumber(ARGV[6])
for i = 7, first - 1 do
  if redis.call('HGET', holders, ARGV[i]) == worker then redis.call('HDEL', holders, ARGV[i]) end
end
for i = first, #ARGV, 2 do
  local key, name = prefix .. ':late:' .. service .. ':' .. ARGV[i], worker .. ' ' .. ARGV[i + 1]
  if redis.call('ZCARD', key) >= most then redis.call('ZREMRANGEBYSCORE', key, '-inf', now) end
  if redis.call('ZSCORE', key, name) or redis.call('ZCARD', key) < most then
    redis.call('ZADD', key, now + ARGV[4], name)
    redis.call('PEXPIRE', key, ARGV[4])
  end
end
return 1
`

/** ARGV  1 prefix  2 service  3 worker  4 ... partitions. Returns  {partition, session of each late session of another worker} */
export const lateScript = `${nowLua}${lateLua}
local late = {}
for i = 4, #ARGV do add_late(late, ARGV[1], ARGV[2], ARGV[i], ARGV[3]) end
return late
`

/** ARGV  1 prefix  2 service  3 worker, then two a session: partition, session */
export const settleScript = `
for i = 4, #ARGV, 2 do
  redis.call('ZREM', ARGV[1] .. ':late:' .. ARGV[2] .. ':' .. ARGV[i], ARGV[3] .. ' ' .. ARGV[i + 1])
end
return 1
`
