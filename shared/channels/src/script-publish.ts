import { KEPT_MESSAGES, KEPT_MS } from './channels.ts'

/** How long a channel's last offset is remembered, s: who comes back later is told that messages may be missing. */
const LAST_SECONDS = 86_400

/**
 * Numbers, keeps and gives out one message. Offsets are the microseconds of the server's clock, or one more than the last: so they rise though the
 * store has lost its last writes, or has forgotten the channel.
 *
 * ARGV  1 prefix  2 channel  3 the frame, its offset zero  4 bytes of the frame before its offset
 * Keys  the channel's messages (stream, id offset-0: b the offset before, f the frame), its last offset (a name apart: a channel may be called anything)
 * Returns  the offset
 * Events  PUBLISH of the offset before it (u64), the offset (u64) and the frame
 */
export const publishScript = `
local key, lastKey = ARGV[1] .. ':ch:' .. ARGV[2], ARGV[1] .. ':ch-last:' .. ARGV[2]
local frame, at = ARGV[3], tonumber(ARGV[4])
local last = tonumber(redis.call('GET', lastKey) or '0')
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local offset = now
if offset <= last then offset = last + 1 end
local id, bytes = string.format('%.0f', offset), struct.pack('>I8', offset)
frame = string.sub(frame, 1, at) .. bytes .. string.sub(frame, at + 9)
redis.call('XADD', key, 'MAXLEN', ${KEPT_MESSAGES}, id .. '-0', 'b', string.format('%.0f', last), 'f', frame)
redis.call('XTRIM', key, 'MINID', '~', string.format('%.0f', now - ${KEPT_MS * 1_000}))
redis.call('PEXPIRE', key, ${KEPT_MS})
redis.call('SET', lastKey, id, 'EX', ${LAST_SECONDS})
redis.call('PUBLISH', key, struct.pack('>I8', last) .. bytes .. frame)
return id
`
