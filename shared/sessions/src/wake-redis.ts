import {
  batchNumberKey,
  closeRedis,
  connectRedis,
  type RedisOptions,
  type StoreWitness,
  takeoverChannel,
  wakeChannel,
} from '@causeway/redis'
import type { Redis } from 'ioredis'
import type { Listening, WakeHandlers } from './sessions.ts'

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
  let last = Number((await command.get(numberKey)) ?? 0)
  let behindSince = -1

  subscriber.on('messageBuffer', (channel: Buffer, message: Buffer) => {
    if (channel.toString('latin1').endsWith(takeover)) {
      const [session, epoch] = message.toString('latin1').split(' ')
      handlers.replaced(session, Number(epoch))
      return
    }
    const number = message.readDoubleBE(0)
    const gap = number > last + 1
    if (number > last) last = number
    readWakeUp(message, handlers)
    if (gap) handlers.lost()
  })
  await subscriber.subscribe(wakeChannel(options.prefix, gateway), takeover)
  subscriber.on('ready', () => handlers.lost())

  const check = async (): Promise<void> => {
    const [number, ...known] = await command.mget(numberKey, ...store.keys)
    const counted = Number(number ?? 0)
    await store.check(known)
    if (counted > last && behindSince === last) {
      last = counted
      handlers.lost()
    } else if (counted < last) {
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

/** Hands one batch to the gateway (layout: script-finish.ts, Events). */
export function readWakeUp(message: Buffer, handlers: WakeHandlers): void {
  const serviceEnd = 13 + message[12]
  if (serviceEnd > 13) handlers.load({ service: message.toString('latin1', 13, serviceEnd), queueMs: message.readUInt32BE(8) })
  let at = serviceEnd
  while (at < message.length) {
    const nameEnd = at + 1 + message[at]
    const session = message.toString('latin1', at + 1, nameEnd)
    let count = message.readUInt16BE(nameEnd)
    at = nameEnd + 2
    while (count-- > 0) {
      const seq = message.readUInt32BE(at)
      const length = message.readUInt32BE(at + 4)
      at += 8
      if (seq === 0) handlers.finished(session, message.readUInt32BE(at))
      else handlers.deliver(session, seq, message.subarray(at, at + length))
      at += length
    }
  }
  handlers.flush()
}
