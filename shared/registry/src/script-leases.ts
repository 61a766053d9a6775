/**
 * Leases of processes. Time is the store's own, so that clocks need not agree.
 *
 * Keys  <prefix>:processes hash id -> JSON, <prefix>:leases zset id by end (Unix ms), <prefix>:routes hash name -> JSON,
 *       <prefix>:holders:<service> hash partition -> worker id, channel <prefix>:registry
 */

/**
 * Sets or renews a lease.
 * ARGV  1 prefix  2 id  3 JSON  4 lease ms  5 '1' to tell the watchers, then two a remembered route: name, JSON without its closing brace
 */
export const leaseScript = `
local prefix, id = ARGV[1], ARGV[2]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HSET', prefix .. ':processes', id, ARGV[3])
redis.call('ZADD', prefix .. ':leases', now + ARGV[4], id)
for i = 6, #ARGV, 2 do redis.call('HSET', prefix .. ':routes', ARGV[i], ARGV[i + 1] .. ',"lastSeen":' .. string.format('%.0f', now) .. '}') end
if ARGV[5] == '1' then redis.call('PUBLISH', prefix .. ':registry', id) end
return 1
`

/** Ends a lease. ARGV  1 prefix  2 id */
export const withdrawScript = `
redis.call('HDEL', ARGV[1] .. ':processes', ARGV[2])
redis.call('ZREM', ARGV[1] .. ':leases', ARGV[2])
redis.call('PUBLISH', ARGV[1] .. ':registry', ARGV[2])
return 1
`

/**
 * Drops what ran out and reads the rest. ARGV  1 prefix
 * Returns  {now, processes as JSON ..., '', routes as JSON ...}
 */
export const readScript = `
local prefix = ARGV[1]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for _, id in ipairs(redis.call('ZRANGEBYSCORE', prefix .. ':leases', '-inf', now)) do
  redis.call('HDEL', prefix .. ':processes', id)
  redis.call('ZREM', prefix .. ':leases', id)
end
local reply = {string.format('%.0f', now)}
for _, json in ipairs(redis.call('HVALS', prefix .. ':processes')) do reply[#reply + 1] = json end
reply[#reply + 1] = ''
for _, json in ipairs(redis.call('HVALS', prefix .. ':routes')) do reply[#reply + 1] = json end
return reply
`

/**
 * Takes partitions for a worker. A holder without a lease holds nothing.
 * ARGV  1 prefix  2 service  3 worker  4 '1' to take them whoever holds them  5 ... partitions
 * Returns  those that another living worker holds
 */
export const holdScript = `
local prefix, holders, worker = ARGV[1], ARGV[1] .. ':holders:' .. ARGV[2], ARGV[3]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local others = {}
for i = 5, #ARGV do
  local holder = redis.call('HGET', holders, ARGV[i])
  local is_held = holder and holder ~= worker and tonumber(redis.call('ZSCORE', prefix .. ':leases', holder) or 0) > now
  if is_held then others[#others + 1] = ARGV[i] end
  if not is_held or ARGV[4] == '1' then redis.call('HSET', holders, ARGV[i], worker) end
end
return others
`

/** ARGV  1 prefix  2 service  3 worker  4 ... partitions */
export const releaseScript = `
local holders = ARGV[1] .. ':holders:' .. ARGV[2]
for i = 4, #ARGV do
  if redis.call('HGET', holders, ARGV[i]) == ARGV[3] then redis.call('HDEL', holders, ARGV[i]) end
end
return 1
`
