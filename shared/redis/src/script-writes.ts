/**
 * Noticing that the store is another one than before, restarted or a replica that took over, and whether it came back without its last writes.
 *
 * A server process that is met for the first time is *adopted*: a generation begins. Writes that must not be lost unnoticed are counted, in the very
 * scripts that make them; each reply brings the number, and each call the highest number that its caller has had a reply for. At adoption the store
 * keeps how far it had counted: who has seen a higher number of the time before proves that writes are lost, and a store that lost none can't be
 * accused. The generation is then *lossy*.
 *
 * A generation is the number from which it counts. It is made of the time, so that a store which goes back behind an adoption gives none of its
 * numbers again.
 */

/** Numbers that a generation has for each millisecond: more scripts than a server can run. */
export const NUMBERS_PER_MS = 1_024
/** Generations of which the store keeps how far the one before had counted: a process that slept through more of them proves nothing. */
const GENERATIONS_KEPT = 100

const heldAgainstLua = `
local function hold_against(prefix, generation, seen)
  if tonumber(seen) >= tonumber(generation) then return end
  local kept = redis.call('ZRANGEBYSCORE', prefix .. ':kept', '(' .. seen, '+inf', 'LIMIT', 0, 1)[1]
  if kept and tonumber(kept) < tonumber(seen) then redis.call('SET', prefix .. ':lossy', generation) end
end
`

/** `count_write(prefix, generation, seen)`: counts this call; returns its number, for its caller's next `seen`. One call of Redis where the generation is known. */
export const countWriteLua = `${heldAgainstLua}
local function count_write(prefix, generation, seen)
  hold_against(prefix, generation, seen)
  return redis.call('INCR', prefix .. ':writes')
end
`

/**
 * Makes the server that answers now the known one, and tells it what was seen.
 *
 * ARGV  1 prefix  2 highest number seen
 * Keys  run, generation, kept, writes, lossy (keys.ts)
 * Returns  {generation, last write's number, lossy generation or ''}
 */
export const adoptScript = `${heldAgainstLua}
local prefix, call = ARGV[1], redis.call
local run = string.match(call('INFO', 'server'), 'run_id:(%w+)')
if call('GET', prefix .. ':run') ~= run then
  local kept, time = tonumber(call('GET', prefix .. ':writes') or 0), call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  local generation = string.format('%.0f', math.max(now * ${NUMBERS_PER_MS}, kept + 1))
  call('SET', prefix .. ':run', run)
  call('SET', prefix .. ':generation', generation)
  call('SET', prefix .. ':writes', generation)
  call('ZADD', prefix .. ':kept', generation, string.format('%.0f', kept))
  call('ZREMRANGEBYRANK', prefix .. ':kept', 0, -${GENERATIONS_KEPT + 1})
end
local generation = call('GET', prefix .. ':generation')
hold_against(prefix, generation, ARGV[2])
return {generation, call('GET', prefix .. ':writes'), call('GET', prefix .. ':lossy') or ''}
`
