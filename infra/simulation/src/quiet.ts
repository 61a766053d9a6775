import type { Ledger } from '@causeway/sessions'
import type { ModelClient } from './client.ts'
import { SERVICE } from './handlers.ts'
import type { World } from './world.ts'

/** What of a run has not come to its end, in words; empty once all is quiet. */
export function unsettled({ kafka, redis }: World, clients: readonly ModelClient[]): string[] {
  const open = clients.filter(client => !client.done).map(client => client.open)
  const topic = `causeway.${SERVICE}.requests`
  const { committed } = kafka.group(SERVICE, topic)
  kafka.topics.get(topic)?.forEach(({ records }, partition) => {
    const to = committed.get(partition) ?? 0
    if (to < records.length) open.push(`partition ${partition} is committed up to ${to} of ${records.length}`)
  })
  for (const queue of redis.queues.names()) {
    const left = queue.endsWith('-dead') ? [] : redis.queues.list(queue, ['waiting', 'delayed', 'active'])
    if (left.length > 0) open.push(`${queue} has ${left.map(({ id, state }) => `${id} (${state})`).join(', ')}`)
  }
  for (const key of redis.data.keys()) {
    const emits = key.includes(`}:e:${SERVICE}`) ? (redis.data.read('stream', key)?.entries.length ?? 0) : 0
    if (emits > 0) open.push(`${key} has ${emits} emits`)
  }
  for (const key of redis.data.keys()) if (/\}:[hk]:/.test(key)) open.push(`${key} is still there`)
  return open
}

/** What a ledger still counts as on its way once all is quiet, in words; empty where its books balance. */
export function unaccounted({ accepted, ended, inFlight, parked, retrying }: Ledger): string[] {
  const told = [`accepted ${accepted}`, ...Object.entries(ended).map(([name, count]) => `${name} ${count}`)].join(', ')
  const wrong = inFlight.flatMap((count, bucket) => (count === 0 ? [] : [`${count} in flight in bucket ${bucket}`]))
  if (parked !== 0) wrong.push(`${parked} parked`)
  if (retrying !== 0) wrong.push(`${retrying} retrying`)
  return wrong.length === 0 ? [] : [`${wrong.join(', ')}, of ${told}`]
}
