import { EMITS_WAITING, EMITS_WAITING_BYTES, SHARED_KEYS } from './effects.ts'
import { SEQ_JUMP } from './script-store.ts'

/** Emits of one bucket are within the bound of bytes whatever their size: it is not looked at. */
const FEW_EMITS = 8

/**
 * A part of script-finish.ts: the effects of a final (layout: effects-pack.ts).
 *
 * `effective.of(bytes)` reads them; `effective.forbidden(effects)` says, before anything is written, which status they end with instead of being done; `effective.take(effects)`
 * writes what is no delivery. It can not be refused: it comes behind the group's first write. The functions are made by the first entry that needs them: a plain turn does not pay for them.
 * Keys  state, shared state, emits of the session's bucket; sessions and ends of the sources (keys.ts)
 * A source is made with its first emit. In a generation of the store that it does not know its numbers jump: what was numbered last may be lost here and stored in the log.
 */
export const effectsLua = `
local effective
local function make_effective()
  local function changes_of(bytes, pos, count, sets, deletes)
    for i = 1, 2 * count, 2 do sets[i], sets[i + 1], pos = unpack('>Bc0I4c0', bytes, pos) end
    count, pos = unpack('>I2', bytes, pos)
    for i = 1, count do deletes[i], pos = unpack('>Bc0', bytes, pos) end
    return pos
  end

  -- a value is kept behind the number of the write that made it
  local function shared_forbidden(effects)
    local reads, sets, added = effects.reads, effects.shared_sets, 0
    for i = 1, #reads, 2 do
      local value = call('HGET', effects.shared, reads[i])
      local version = 0
      if value then version = unpack('>d', value, 1) end
      if version ~= reads[i + 1] then return 7 end
    end
    for i = 1, #sets, 2 do
      if not call('HGET', effects.shared, sets[i]) then added = added + 1 end
    end
    if added > 0 and call('HLEN', effects.shared) + added > ${SHARED_KEYS} then return 9 end
    return 0
  end

  local function effects_of(bytes)
    local count, pos, effects, list, service
    effects = {pushes = {}, sets = {}, deletes = {}, reads = {}, shared_sets = {}, shared_deletes = {}, emits = {}}
    count, pos = unpack('>I2', bytes, 1)
    list = effects.pushes
    for i = 1, 2 * count, 2 do
      list[i], pos = unpack('>I4c0', bytes, pos)
      list[i + 1] = pos - 1 - #list[i]
    end
    count, pos = unpack('>B', bytes, pos)
    if count == 1 then
      service, effects.version, count, pos = unpack('>Bc0I4I2', bytes, pos)
      effects.state = tag .. 'y:' .. service .. ':' .. sid
      effects.service = service
      pos = changes_of(bytes, pos, count, effects.sets, effects.deletes)
    end
    count, pos = unpack('>B', bytes, pos)
    if count == 1 then
      service, count, pos = unpack('>Bc0I2', bytes, pos)
      effects.shared = prefix .. ':shared:' .. service
      list = effects.reads
      for i = 1, 2 * count, 2 do list[i], list[i + 1], pos = unpack('>Bc0d', bytes, pos) end
      count, pos = unpack('>I2', bytes, pos)
      pos = changes_of(bytes, pos, count, effects.shared_sets, effects.shared_deletes)
    end
    count, pos = unpack('>I2', bytes, pos)
    if count > 0 then
      service, effects.principal, effects.incarnation, effects.ends, pos = unpack('>Bc0I2c0Bc0d', bytes, pos)
      effects.outbox = tag .. 'e:' .. service
      list = effects.emits
      for i = 1, 3 * count, 3 do list[i], list[i + 1], list[i + 2], pos = unpack('>BBc0I4c0', bytes, pos) end
    end
    return effects
  end

  local function forbidden(effects)
    if effects.state and tonumber(call('HGET', effects.state, 'v') or 0) ~= effects.version then return 7 end
    if effects.shared then
      local status = shared_forbidden(effects)
      if status ~= 0 then return status end
    end
    if effects.outbox then
      local kept = call('XLEN', effects.outbox)
      if kept >= ${EMITS_WAITING} then return 8 end
      if kept >= ${FEW_EMITS} and (call('MEMORY', 'USAGE', effects.outbox) or 0) > ${EMITS_WAITING_BYTES} then return 8 end
    end
    if #effects.pushes > 0 and outbox_full() then return 4 end
    return 0
  end

  local function emit(effects, bucket, source, record)
    if source == '' then
      call('XADD', effects.outbox, '*', 'r', pack('>I4I4B', 0, 0, 0) .. record)
      return
    end
    local of_bucket = prefix .. ':{' .. bucket .. '}:'
    local source_key = of_bucket .. 's:' .. source
    local s = call('HMGET', source_key, 'i', 'm', 'j')
    local incarnation, prev = s[1], tonumber(s[2] or 0)
    local number = prev + 1
    if not incarnation then
      incarnation = effects.incarnation
      call('HSET', source_key, 'i', incarnation, 'g', '', 'q', 0, 'd', 0, 'x', 0, 'a', 0, 'n', 0, 'f', 0, 'w', 0, 'c', 0, 's', 0,
        'u', generation, 'l', 0, 'v', generation, 'e', 1, 'k', 0, 't', '', 'p', effects.principal, 'j', generation)
    elseif s[3] ~= generation then
      number = prev + ${SEQ_JUMP}
      call('HSET', source_key, 'j', generation)
    end
    call('HSET', source_key, 'm', number)
    call('ZADD', of_bucket .. 'z', effects.ends, source)
    call('XADD', effects.outbox, '*', 'r', pack('>I4I4Bc0', number, prev, #incarnation, incarnation) .. record)
  end

  local function take_effect(effects)
    local sets, deletes, emits = effects.sets, effects.deletes, effects.emits
    if #sets > 0 or #deletes > 0 then
      for i = 1, #sets, 2 do call('HSET', effects.state, '.' .. sets[i], sets[i + 1]) end
      for i = 1, #deletes do call('HDEL', effects.state, '.' .. deletes[i]) end
      if call('HINCRBY', effects.state, 'v', 1) == 1 then call('HSET', key, 'y', (call('HGET', key, 'y') or '') .. effects.service .. ';') end
    end
    sets, deletes = effects.shared_sets, effects.shared_deletes
    for i = 1, #sets, 2 do call('HSET', effects.shared, sets[i], pack('>d', write) .. sets[i + 1]) end
    for i = 1, #deletes do call('HDEL', effects.shared, deletes[i]) end
    for i = 1, #emits, 3 do emit(effects, emits[i], emits[i + 1], emits[i + 2]) end
  end
  effective = {of = effects_of, forbidden = forbidden, take = take_effect}
  return effective
end
`
