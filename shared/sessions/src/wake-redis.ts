import {
  batchNumberKey,
  closeRedis,
  connectRedis,
  type RedisOptions,
  type StoreWitness,
  takeoverChannel,
  turnChannel,
  wakeChannel,
} from '@causeway/redis'
import type { Redis } from 'ioredis'
import type { Listening, WakeHandlers } from './sessions.ts'

/** Forms of a wake-up: its frames follow in it, or lie in the turn that follows it (script-finish.ts, Events). */
const JOINED = 0
const POINTING = 1
/** How often the number of the last batch is compared with the last one received, ms. Two checks tell a loss: within 500 ms. */
const CHECK_MS = 250
/** Life of a gateway's batch number in Redis, refreshed by each check, ms. */
const NUMBER_TTL_MS = 3_600_000

/**
 * Subscribes a gateway to its wake-ups. Batches are numbered; a gap, a re-subscription, or a number that stays behind
 * what Redis counts for two checks is told by `lost()`; a new generation of the store, and that one is lossy, by `storeChanged()`.
 */
export async function listenRedis(
  options: RedisOptions & { prefix: string },
  { command, store }: { command: Redis; store: StoreWitness },
  gateway: string,
  handlers: WakeHandlers,
): Promise<Listening> {
  const subscriber = connectRedis(options, 'sessions-wake', true)
  const numberKey = batchNumberKey(options.prefix, gateway)
  const takeover = takeoverChannel(options.prefix, gateway)
  const turns = turnChannel(options.prefix, gateway)
  /** A wake-up whose turn is on its way: the store sends both in one step. */
  let pointing: Buffer | undefined
  let last = Number((await command.get(numberKey)) ?? 0)
  let behindSince = -1

  subscriber.on('messageBuffer', (channel: Buffer, message: Buffer) => {
    const name = channel.toString('latin1')
    if (name.endsWith(takeover)) {
      const [session, epoch] = message.toString('latin1').split(' ')
      handlers.replaced(session, Number(epoch))
      return
    }
    if (name.endsWith(turns)) {
      if (pointing !== undefined) readWakeUp(pointing, message, handlers)
      pointing = undefined
      return
    }
    const number = message.readDoubleBE(0)
    const form = message[formAt(message)]
    const gap = number > last + 1 || pointing !== undefined
    if (number > last) last = number
    pointing = form === POINTING ? message : undefined
    if (form === JOINED) readWakeUp(message, undefined, handlers)
    // a form of a later version tells that there is something, and the outboxes what
    if (gap || form > POINTING) handlers.lost()
  })
  await subscriber.subscribe(wakeChannel(options.prefix, gateway), turns, takeover)
  subscriber.on('ready', () => {
    pointing = undefined
    handlers.lost()
  })

  const check = async (): Promise<void> => {
    // what comes meanwhile may be read before the answer: that counted less than it
    const heard = last
    const [number, ...known] = await command.mget(numberKey, ...store.keys)
    const counted = Number(number ?? 0)
    await store.check(known)
    if (counted > last && behindSince === last) {
      last = counted
      handlers.lost()
    } else if (counted < heard) {
      last = counted
      handlers.lost()
    }
    behindSince = counted > last ? last : -1
    if (counted > 0) await command.pexpire(numberKey, NUMBER_TTL_MS)
  }
  const unlisten = store.onChange(() => {
    const { generation } = store
    if (store.lossy)
      options.logger.error({ generation }, 'the session store came back without its last writes: clients with messages under way are told')
    handlers.storeChanged()
  })
  let checking = false
  const timer = setInterval(() => {
    if (checking || command.status !== 'ready') return
    checking = true
    check()
      .catch(error => options.logger.warn({ error: (error as Error).message }, 'sessions: the check for lost wake-ups failed'))
      .finally(() => {
        checking = false
      })
  }, CHECK_MS)

  return {
    async close() {
      clearInterval(timer)
      unlisten()
      await closeRedis(subscriber)
    },
  }
}

/** Where the load's service ends, and the form of the wake-up begins. */
const formAt = (message: Buffer): number => 13 + message[12]

/** Hands one batch to the gateway (layout: script-finish.ts, Events); `turn` where it points at one. */
function readWakeUp(message: Buffer, turn: Buffer | undefined, handlers: WakeHandlers): void {
  const serviceEnd = formAt(message)
  if (serviceEnd > 13) handlers.load({ service: message.toString('latin1', 13, serviceEnd), queueMs: message.readUInt32BE(8) })
  let at = serviceEnd + 5
  const end = at + message.readUInt32BE(serviceEnd + 1)
  const frames = turn ?? message
  let following = end
  while (at < end) {
    const nameEnd = at + 1 + message[at]
    const session = message.toString('latin1', at + 1, nameEnd)
    let count = message.readUInt16BE(nameEnd)
    at = nameEnd + 2
    for (; count > 0; count--, at += 12) {
      const seq = message.readUInt32BE(at)
      const length = message.readUInt32BE(at + 4)
      const pointed = message.readUInt32BE(at + 8)
      if (seq === 0) {
        handlers.finished(session, pointed)
        continue
      }
      const from = turn === undefined ? following : pointed
      handlers.deliver(session, seq, frames.subarray(from, from + length))
      following += length
    }
  }
  handlers.flush()
}
