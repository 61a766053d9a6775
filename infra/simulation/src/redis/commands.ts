import { byScore, type RedisData, RedisReplyError } from './data.ts'

/** A reply: null for nothing, a text of bytes, a number, or a list of them. */
export type Reply = null | string | number | Reply[]
type Command = (data: RedisData, given: readonly string[]) => Reply

/** What Redis needs for an entry of a stream beside its fields, roughly. */
const ENTRY_BYTES = 64

const number = (text: string): number => {
  const value = text === '-inf' ? Number.NEGATIVE_INFINITY : text === '+inf' ? Number.POSITIVE_INFINITY : Number(text)
  if (text === '' || Number.isNaN(value)) throw new RedisReplyError('ERR value is not a valid float')
  return value
}

/** A bound of scores: with `(` it is not included. */
function within(score: number, least: string, most: string): boolean {
  const above = least.startsWith('(') ? score > number(least.slice(1)) : score >= number(least)
  return above && (most.startsWith('(') ? score < number(most.slice(1)) : score <= number(most))
}

function pairsOf(given: readonly string[]): [string, string][] {
  if (given.length % 2 !== 0) throw new RedisReplyError('ERR wrong number of arguments')
  return Array.from({ length: given.length / 2 }, (_, index) => [given[index * 2]!, given[index * 2 + 1]!])
}

/** The part `0-n` of a stream's id: our streams have no other. */
function streamId(text: string): number {
  const match = /^0-(\d+)$/.exec(text)
  if (match === null) throw new RedisReplyError(`ERR the id ${text} is not simulated: expected 0-number`)
  return Number(match[1])
}

function addToStream(data: RedisData, [key, id, ...fields]: readonly string[]): Reply {
  const stream = data.write('stream', key!)
  const number = id === '*' ? stream.last + 1 : streamId(id!)
  if (number <= stream.last) throw new RedisReplyError('ERR The ID specified in XADD is equal or smaller than the target stream top item')
  stream.last = number
  stream.entries.push({ id: number, fields })
  return `0-${number}`
}

function deleteFromStream(data: RedisData, [key, ...ids]: readonly string[]): Reply {
  const stream = data.read('stream', key!)
  if (stream === undefined) return 0
  const gone = new Set(ids.map(streamId))
  const before = stream.entries.length
  stream.entries = stream.entries.filter(({ id }) => !gone.has(id))
  return before - stream.entries.length
}

function trimStream(data: RedisData, [key, how, least]: readonly string[]): Reply {
  if (how !== 'MINID') throw new RedisReplyError(`ERR XTRIM ${how} is not simulated`)
  const stream = data.read('stream', key!)
  if (stream === undefined) return 0
  const before = stream.entries.length
  stream.entries = stream.entries.filter(entry => entry.id >= streamId(least!))
  return before - stream.entries.length
}

function rangeOfStream(data: RedisData, [key, from, to, ...limit]: readonly string[]): Reply {
  const bound = (text: string): number => (text === '-' ? 0 : text === '+' ? Number.POSITIVE_INFINITY : streamId(text.replace('(', '')))
  const [least, most] = [bound(from!), bound(to!)]
  const count = limit[0]?.toUpperCase() === 'COUNT' ? number(limit[1]!) : Number.POSITIVE_INFINITY
  const entries = (data.read('stream', key!)?.entries ?? []).filter(
    ({ id }) => (from!.startsWith('(') ? id > least : id >= least) && (to!.startsWith('(') ? id < most : id <= most),
  )
  return entries.slice(0, count).map(({ id, fields }) => [`0-${id}`, fields])
}

function rangeByScore(data: RedisData, [key, least, most, ...limit]: readonly string[]): Reply {
  const members = byScore(data.read('zset', key!)?.scores ?? new Map())
    .filter(([, score]) => within(score, least!, most!))
    .map(([member]) => member)
  if (limit[0]?.toUpperCase() !== 'LIMIT') return members
  return members.slice(number(limit[1]!), number(limit[1]!) + number(limit[2]!))
}

function rangeByPlace(data: RedisData, [key, from, to]: readonly string[]): Reply {
  const members = byScore(data.read('zset', key!)?.scores ?? new Map()).map(([member]) => member)
  const end = number(to!) < 0 ? members.length + number(to!) : number(to!)
  return members.slice(number(from!), end + 1)
}

function increase(data: RedisData, [key, field, by]: readonly string[]): Reply {
  const { fields } = data.write('hash', key!)
  const value = number(fields.get(field!) ?? '0') + number(by!)
  fields.set(field!, String(value))
  return value
}

/** The commands that our scripts and adapters use (redis.io/docs/latest/commands). PUBLISH and TIME are the server's. */
export const COMMANDS: Readonly<Record<string, Command>> = {
  PING: () => 'PONG',
  MGET: (data, keys) => keys.map(key => data.read('string', key)?.value ?? null),
  SET: (data, [key, value, ...options]) => {
    if (options.some(option => option.toUpperCase() !== 'NX'))
      throw new RedisReplyError(`ERR SET with ${options.join(' ')} is not simulated`)
    if (options.length > 0 && data.has(key!)) return null
    data.remove(key!)
    data.write('string', key!).value = value!
    return 'OK'
  },
  GET: (data, [key]) => data.read('string', key!)?.value ?? null,
  INCR: (data, [key]) => {
    const stored = data.write('string', key!)
    stored.value = String(number(stored.value || '0') + 1)
    return Number(stored.value)
  },
  // lives of keys are hours, runs are minutes
  PEXPIRE: (data, [key]) => Number(data.has(key!)),
  EXISTS: (data, keys) => keys.filter(key => data.has(key)).length,
  DEL: (data, keys) => keys.filter(key => data.remove(key)).length,
  HGET: (data, [key, field]) => data.read('hash', key!)?.fields.get(field!) ?? null,
  HMGET: (data, [key, ...names]) => {
    const fields = data.read('hash', key!)?.fields
    return names.map(name => fields?.get(name) ?? null)
  },
  HGETALL: (data, [key]) => [...(data.read('hash', key!)?.fields ?? [])].flat(),
  HVALS: (data, [key]) => [...(data.read('hash', key!)?.fields.values() ?? [])],
  HLEN: (data, [key]) => data.read('hash', key!)?.fields.size ?? 0,
  HSET: (data, [key, ...given]) => {
    const { fields } = data.write('hash', key!)
    const before = fields.size
    for (const [field, value] of pairsOf(given)) fields.set(field, value)
    return fields.size - before
  },
  HDEL: (data, [key, ...names]) => {
    const removed = names.filter(name => data.read('hash', key!)?.fields.delete(name)).length
    data.removeEmpty(key!)
    return removed
  },
  HINCRBY: increase,
  ZADD: (data, [key, ...given]) => {
    const { scores } = data.write('zset', key!)
    const before = scores.size
    for (const [score, member] of pairsOf(given)) scores.set(member, number(score))
    return scores.size - before
  },
  ZREM: (data, [key, ...members]) => {
    const removed = members.filter(member => data.read('zset', key!)?.scores.delete(member)).length
    data.removeEmpty(key!)
    return removed
  },
  ZREMRANGEBYSCORE: (data, [key, least, most]) => {
    const scores = data.read('zset', key!)?.scores ?? new Map<string, number>()
    const removed = [...scores].filter(([, score]) => within(score, least!, most!))
    for (const [member] of removed) scores.delete(member)
    data.removeEmpty(key!)
    return removed.length
  },
  ZREMRANGEBYRANK: (data, [key, from, to]) => {
    const removed = rangeByPlace(data, [key!, from!, to!]) as string[]
    for (const member of removed) data.read('zset', key!)?.scores.delete(member)
    data.removeEmpty(key!)
    return removed.length
  },
  ZCARD: (data, [key]) => data.read('zset', key!)?.scores.size ?? 0,
  ZSCORE: (data, [key, member]) => {
    const score = data.read('zset', key!)?.scores.get(member!)
    return score === undefined ? null : String(score)
  },
  ZRANGE: rangeByPlace,
  ZRANGEBYSCORE: rangeByScore,
  XADD: addToStream,
  XDEL: deleteFromStream,
  XTRIM: trimStream,
  XRANGE: rangeOfStream,
  /** About what Redis says: the bytes themselves, and some for each entry. */
  MEMORY: (data, [what, key]) => {
    if (what !== 'USAGE') throw new RedisReplyError(`ERR MEMORY ${what} is not simulated`)
    const stream = data.read('stream', key!)
    if (stream === undefined) return null
    return stream.entries.reduce((sum, { fields }) => sum + ENTRY_BYTES + fields.join('').length, ENTRY_BYTES)
  },
  XLEN: (data, [key]) => data.read('stream', key!)?.entries.length ?? 0,
}

/** What a client may call by name. */
export const COMMAND_NAMES: readonly string[] = [...Object.keys(COMMANDS), 'PUBLISH', 'TIME', 'INFO', 'EVAL', 'EVALSHA']
