/**
 * Noticing that the store is another one than before: restarted, or a replica that took over. Either may have lost its last writes, and numbers
 * given again would hide that. So the store has a generation, and no session gets a delivery in a new one before its gateway, which knows what was
 * delivered, or its client's resume has confirmed it.
 *
 * A new server process does not know our scripts, so the first call in it is answered NOSCRIPT, and it is adopted before the call is made again.
 */

/** How long a session waits for its gateway's confirmation before it is taken to have lost deliveries, ms. */
export const CONFIRM_MS = 5_000
/** Further than any delivery that could have been lost: numbers that a client may have seen are never given again. */
export const SEQ_JUMP = 1 << 20

/**
 * ARGV  1 prefix
 * Keys  run, generation, adopted (keys.ts)
 * Returns  the generation
 */
export const adoptScript = `
local prefix = ARGV[1]
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
if redis.call('GET', prefix .. ':run') ~= run then
  local time = redis.call('TIME')
  redis.call('SET', prefix .. ':run', run)
  redis.call('SET', prefix .. ':adopted', time[1] * 1000 + math.floor(time[2] / 1000))
  redis.call('INCR', prefix .. ':generation')
end
return redis.call('GET', prefix .. ':generation')
`

/**
 * Begins sessions.
 *
 * ARGV  1 prefix, then seven a session: bucket, session, incarnation, gateway, token digest, principal, end (Unix ms)
 * Keys  session, ends, generation (keys.ts)
 */
export const openScript = `
local prefix, generation = ARGV[1], redis.call('GET', ARGV[1] .. ':generation') or '0'
for i = 2, #ARGV, 7 do
  local tag, sid = prefix .. ':{' .. ARGV[i] .. '}:', ARGV[i + 1]
  redis.call('HSET', tag .. 's:' .. sid, 'i', ARGV[i + 2], 'g', ARGV[i + 3], 'q', 0, 'd', 0, 'x', 0, 'a', 0, 'n', 0, 'f', 0, 'w', 0, 'c', 0, 's', 0,
    'u', generation, 'e', 1, 'k', 0, 't', ARGV[i + 4], 'p', ARGV[i + 5])
  redis.call('ZADD', tag .. 'z', ARGV[i + 6], sid)
end
return 1
`
