import type { ModelClient } from './client.ts'
import { SERVICE } from './handlers.ts'
import type { World } from './world.ts'

/** What of a run has not come to its end, in words; empty once all is quiet. */
export function unsettled({ kafka, redis }: World, clients: readonly ModelClient[]): string[] {
  const open = clients.filter(client => !client.done).map(client => client.open)
  const topic = `causeway.${SERVICE}.requests`
  // not `committed`: an older commit that is tried again may land last
  const { reached } = kafka.group(SERVICE, topic)
  kafka.topics.get(topic)?.forEach(({ records }, partition) => {
    const to = reached.get(partition) ?? 0
    if (to < records.length) open.push(`partition ${partition} is committed up to ${to} of ${records.length}`)
  })
  for (const queue of redis.queues.names()) {
    const left = queue.endsWith('-dead') ? [] : redis.queues.list(queue, ['waiting', 'delayed', 'active'])
    if (left.length > 0) open.push(`${queue} has ${left.map(({ id, state }) => `${id} (${state})`).join(', ')}`)
  }
  for (const key of redis.data.keys()) if (/\}:[hk]:/.test(key)) open.push(`${key} is still there`)
  return open
}
