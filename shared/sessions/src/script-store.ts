/**
 * A store that is another one than before (script-writes.ts) may have lost its last writes, and numbers given again would hide that. So no session
 * gets a delivery in a new generation before its gateway, which knows what was delivered, or its client's resume has confirmed it. Whoever confirms
 * notes which messages were under way: where the generation turns out to be lossy, then or later, a session that still has one of them is told so.
 */

/** How long a session waits for its gateway's confirmation before it is taken to have lost deliveries, ms. */
export const CONFIRM_MS = 5_000
/** Further than any delivery that could have been lost: numbers that a client may have seen are never given again. */
export const SEQ_JUMP = 1 << 20

/**
 * Tenths of a second before 2026 (UTC). A session's first epoch in a generation is at least the generation's own time in tenths of a second since then:
 * above any given in what was lost, though the store has lost something before, for workers drop the records of an epoch below the highest they have
 * seen. That holds as long as a session is resumed less than ten times a second on the average, and fits 32 bits until 2039.
 */
export const EPOCH_BASE = 17_672_256_000

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
    'u', generation, 'l', 0, 'v', generation, 'e', 1, 'k', 0, 't', ARGV[i + 4], 'p', ARGV[i + 5])
  redis.call('ZADD', tag .. 'z', ARGV[i + 6], sid)
end
return 1
`
