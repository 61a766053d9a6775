// What `npm run bench:growth` measures: cost over the number of sessions, connections, workers, partitions and subscribers, and the size of payloads.
import { markdownTable } from '../markdown.ts'
import { CHANNEL_TARGET, heldAgainst } from '../ratios.ts'
import { COST, GENERATOR, LATENCIES, PER_SECOND, ROUND_TRIPS } from './figures.ts'
import { IDLE_PACE, IDLE_PACE_FLAGS } from './pace.ts'
import type { Point, Study } from './study.ts'

/** Round trips a second of all active sessions together. */
export const ACTIVE_RATE = 2_000

const STEPS =
  'Sessions are opened by generators of their own, each from an address of its own, at as many gateways as there are generators: at most 12,500 each, as a process may open 20,000 files'

export const IDLE: Study = {
  id: 'idle',
  title: 'Idle sessions',
  what: `what sessions hold that say nothing: memory of all gateways (resident) and of Redis (its used_memory) beyond what they have without a session, and their CPU. ${STEPS}. A gateway pings after 30 s of silence, which hardly one has here; what that costs stands under *upkeep*`,
  of: 'idle sessions',
  columns: [
    { figure: 'gatewayKiB', name: 'gateway KiB each', as: 2 },
    { figure: 'redisKiB', name: 'Redis KiB each', as: 2 },
    { figure: 'descriptors', name: 'descriptors each', as: 2 },
    { figure: 'gatewayCpu', name: 'gateways', as: 'share' },
    { figure: 'redisCpu', name: 'Redis', as: 'share' },
    { figure: 'kafkaCpu', name: 'Kafka', as: 'share' },
    { figure: 'openedPerSecond', name: 'opened/s', as: 0 },
  ],
  plot: { figure: 'gatewayMiB', unit: 'MiB of all gateways beyond what they have without a session', logarithmic: ['x', 'y'] },
}

export const UPKEEP: Study = {
  id: 'upkeep',
  title: 'Upkeep of idle sessions',
  what: `PINGs that are answered, and renewals in Redis, at ${IDLE_PACE} times their default pace (\`${IDLE_PACE_FLAGS.join(' ')}\`, ms), so that few sessions show what many cost; one gateway`,
  of: `idle sessions at ${IDLE_PACE} times the pace`,
  columns: [
    { figure: 'heartbeatsPerSecond', name: 'PINGs/s', as: 0 },
    { figure: 'gatewayCpu', name: 'gateway', as: 'share' },
    { figure: 'redisCpu', name: 'Redis', as: 'share' },
    { figure: 'redisOpsPerSecond', name: 'Redis commands/s', as: 0 },
    GENERATOR,
  ],
  plot: { figure: 'gatewayCpu', unit: 'CPU seconds a second of the gateway', logarithmic: ['x', 'y'] },
}

export const ACTIVE: Study = {
  id: 'active',
  title: 'Active sessions',
  what: `the same ${ACTIVE_RATE.toLocaleString('en')} requests a second of 200 B, spread over more and more sessions, each at its own steady pace whatever is answered: what a session more costs, not a request more. ${STEPS}`,
  of: 'active sessions',
  columns: [...ROUND_TRIPS, COST],
  plot: { figure: 'p99Ms', unit: 'ms, 99 of 100 round trips within', logarithmic: ['x'] },
}

export const PAYLOADS: Study = {
  id: 'payloads',
  title: 'Payloads',
  what: 'echoes of payloads of so many bytes each way, from 16 sessions that have up to 32 MiB outstanding together (16 to 1,024 requests)',
  of: 'bytes of a payload',
  columns: [PER_SECOND, { figure: 'mibPerSecond', name: 'MiB/s each way', as: 1 }, ...LATENCIES, GENERATOR, COST],
  plot: { figure: 'perSecond', unit: 'round trips a second', logarithmic: ['x', 'y'] },
}

export const CONNECTIONS: Study = {
  id: 'connections',
  title: 'Connections',
  what: 'echoes of 200 B, one outstanding on each of so many connections at any time: what batching makes of them',
  of: 'connections',
  columns: [...ROUND_TRIPS, COST],
  plot: { figure: 'perSecond', unit: 'round trips a second', logarithmic: ['x', 'y'] },
}

export const WORKERS: Study = {
  id: 'workers',
  title: 'Workers',
  what: 'one service on so many worker processes, 16 partitions, 200 B: echoes (64 sessions with 16 outstanding), which the cores of the machine bound; and handlers that wait 20 ms, 16 at a time on each worker (four requests outstanding for each such place, from 256 sessions at most), which the number of workers bounds',
  of: 'workers',
  lines: 'handler',
  columns: [...ROUND_TRIPS, COST],
  plot: { figure: 'perSecond', unit: 'round trips a second', logarithmic: ['x', 'y'] },
}

export const PARTITIONS: Study = {
  id: 'partitions',
  title: 'Partitions',
  what: 'echoes of 200 B from 64 sessions with 16 outstanding; a service on so many partitions, one worker, a Kafka of its own for each size',
  of: 'partitions',
  columns: [...ROUND_TRIPS, COST],
  plot: { figure: 'perSecond', unit: 'round trips a second', logarithmic: ['x'] },
}

export const CHANNELS: Study = {
  id: 'channels',
  title: 'Subscribers of a channel',
  what: 'deliveries of one channel’s messages, 200 B each, encoded once for all subscribers, from the real gateway on a store that keeps nothing; beside it a loop of socket writes of the same bytes to as many sockets, a write for each message. A message counts as over when all have it. A loop that joins messages that are due together stands in performance.md, under *Parts*',
  of: 'subscribers',
  lines: 'publisher',
  columns: [{ figure: 'perSecond', name: 'deliveries/s', as: 0 }, { figure: 'perCpuSecond', name: 'by CPU second', as: 0 }, GENERATOR],
  plot: { figure: 'perSecond', unit: 'deliveries a second', logarithmic: ['x', 'y'] },
  conclude: channelRatios,
}

/** The gateway's deliveries by those of the loop. */
function channelRatios(points: readonly Point[]): string[] {
  const rows = points
    .filter(({ line }) => line === 'gateway')
    .map(({ at, figures }) => {
      const loop = points.find(point => point.line === 'socket writes' && point.at === at)
      return [at.toLocaleString('en'), ratioText(figures.perSecond.median, loop?.figures.perSecond.median)]
    })
  return rows.length === 0 ? [] : [markdownTable([['subscribers', 'gateway / socket writes'], ...rows])]
}

function ratioText(ours: number, theirs: number | undefined): string {
  if (theirs === undefined) return 'not measured'
  const ratio = ours / theirs
  return `${ratio.toFixed(2)} (target ${heldAgainst(CHANNEL_TARGET, ratio)})`
}

export const GROWTH_STUDIES: readonly Study[] = [IDLE, UPKEEP, ACTIVE, PAYLOADS, CONNECTIONS, WORKERS, PARTITIONS, CHANNELS]
