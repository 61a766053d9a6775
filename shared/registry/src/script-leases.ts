/**
 * Leases of processes. Time is the store's own, so that clocks need not agree.
 *
 * Keys  <prefix>:processes hash id -> JSON, <prefix>:leases zset id by end (Unix ms), <prefix>:routes hash field (tracks.ts) -> JSON,
 *       channel <prefix>:registry
 */

/**
 * Sets or renews a lease.
 * ARGV  1 prefix  2 id  3 JSON  4 lease ms  5 '1' to tell the watchers, then two a route or event that is remembered: field, JSON without its closing brace
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
 * Returns  {now, processes as JSON ..., '', what is remembered as JSON ...}
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
