// The line from what was measured to a million sessions: arithmetic on figures, each assumption a named number.
import { SCHEMA } from '@causeway/config'
import { CPU } from './figures.ts'
import { ACTIVE, IDLE, UPKEEP } from './growth-studies.ts'
import { IDLE_PACE } from './pace.ts'
import { atMost, type Findings, mostOf, riseOf, type Study } from './study.ts'

export interface Assumptions {
  sessions: number
  /** Requests of each session a minute, 200 B. */
  requestsPerMinute: number
  /** Share of a gateway's memory that it may fill; the rest is for bursts and for the system. */
  memoryShare: number
  /** Share of a core that a process is planned to use. */
  coreShare: number
  /** Most sessions that a gateway takes (MAX_SESSIONS in gateway/src/limits.ts). */
  sessionsOfGateway: number
  /** Ports of one address towards another (net.ipv4.ip_local_port_range by default). */
  portsOfAddress: number
  /** What Redis may hold at worst while its append-only file is rewritten, by what it holds otherwise. */
  redisCopies: number
  /** Silence after which a PING is sent, ms: none of the sessions says anything else meanwhile. */
  keepAliveMs: number
  /** A third of sessionTtl passes between renewals of a session, ms. */
  renewalMs: number
  /** Connections a second that a gateway takes. */
  acceptRate: number
  partitionsByDefault: number
}

export const MILLION: Assumptions = {
  ...{ sessions: 1_000_000, requestsPerMinute: 1, memoryShare: 0.7, coreShare: 0.7 },
  ...{ sessionsOfGateway: 100_000, portsOfAddress: 28_232, redisCopies: 2 },
  keepAliveMs: SCHEMA.keepAlive.default,
  renewalMs: SCHEMA.sessionTtl.default / 3,
  acceptRate: SCHEMA.acceptRate.default,
  partitionsByDefault: SCHEMA.partitions.default,
}

/** Most partitions of a service. */
const MOST_PARTITIONS = 256
const PROCESSES = ['gateway', 'worker', 'Kafka', 'Redis'] as const
type Process = (typeof PROCESSES)[number]

/** Measured, by session or by request. */
export interface Costs {
  /** The largest sizes. */
  sessions: { idle: number; upkeep: number; active: number }
  gatewayKiB: number
  /** Of a gateway without a session. */
  gatewayBaseMiB: number
  redisKiB: number
  descriptors: number
  /** Cores that an idle session takes by default, upkeep included. */
  idleCores: { gateway: number; Redis: number }
  /** Redis commands a second of an idle session by default. */
  idleRedisOps: number
  /** Redis commands of a request. */
  requestRedisOps: number
  /** CPU seconds of a request. */
  requestCpu: Record<Process, number>
}

/** Sessions below which a study says nothing about a million. */
export const LEAST_SESSIONS = 1_000

/** From the sizes that were measured; or the ids of the studies that lack, or are too small. */
export function costsOf(findings: readonly Findings[]): Costs | { missing: string[] } {
  const missing = new Set<string>()
  const found = ({ id }: Study): Findings | undefined => findings.find(({ study }) => study === id)
  const from = (study: Study, read: typeof atMost) => {
    const own = found(study)
    return (figure: string): number => {
      const value = mostOf(own) < LEAST_SESSIONS ? undefined : read(own, figure)
      if (value === undefined) missing.add(study.id)
      return value ?? Number.NaN
    }
  }
  const [idle, idleRise] = [from(IDLE, atMost), from(IDLE, riseOf)]
  const [upkeep, upkeepRise, active] = [from(UPKEEP, atMost), from(UPKEEP, riseOf), from(ACTIVE, atMost)]
  const sessions = { idle: mostOf(found(IDLE)), upkeep: mostOf(found(UPKEEP)), active: mostOf(found(ACTIVE)) }
  // PINGs go out in a grain of time: as many times faster as they were seen to be, at most as was asked for
  const pace = Math.min(IDLE_PACE, (upkeep('heartbeatsPerSecond') / sessions.upkeep) * (SCHEMA.keepAlive.default / 1_000))
  /** What does not depend on the pace is in both; the rest is divided by how many times faster it was. */
  const idleCores = (figure: string): number => {
    const [still, kept] = [Math.max(0, idleRise(figure)), Math.max(0, upkeepRise(figure))]
    return still + Math.max(0, kept - still) / pace
  }
  const costs: Costs = {
    sessions,
    gatewayKiB: idle('gatewayKiB'),
    gatewayBaseMiB: idle('gatewayBaseMiB'),
    redisKiB: idle('redisKiB'),
    descriptors: idle('descriptors'),
    idleCores: { gateway: idleCores('gatewayCpu'), Redis: idleCores('redisCpu') },
    idleRedisOps: Math.max(0, upkeepRise('redisOpsPerSecond')) / pace,
    requestRedisOps: active('redisOpsPerSecond') / active('perSecond'),
    requestCpu: Object.fromEntries(PROCESSES.map(name => [name, active(`${CPU}${name}`) / 1_000])) as Record<Process, number>,
  }
  return missing.size > 0 ? { missing: [IDLE, UPKEEP, ACTIVE].map(({ id }) => id).filter(id => missing.has(id)) } : costs
}

/** What so many sessions need, gateways apart. */
export interface Needs {
  heartbeatsPerSecond: number
  renewalsPerSecond: number
  requestsPerSecond: number
  gatewayMemoryGiB: number
  redisGiB: number
  /** While its append-only file is rewritten, at worst. */
  redisWorstGiB: number
  redisOpsPerSecond: number
  /** Cores at work, by process; of the first two what idle sessions take. */
  idleCores: { gateway: number; Redis: number }
  cores: Record<Process, number>
  workers: number
  /** A power of two. */
  partitions: number
  /** Gateways that their cores ask for. */
  gatewaysByCores: number
  /** Gateways that MAX_SESSIONS asks for. */
  gatewaysByLimit: number
  /** False where one core is not enough: there is one Redis node. */
  oneRedisIsEnough: boolean
}

const KIB_OF_GIB = 1 << 20
const MIB_OF_GIB = 1_024

export function needsOf(costs: Costs, assumed: Assumptions): Needs {
  const { sessions, coreShare } = assumed
  const requestsPerSecond = (sessions * assumed.requestsPerMinute) / 60
  const idleCores = { gateway: sessions * costs.idleCores.gateway, Redis: sessions * costs.idleCores.Redis }
  const ofRequests = (name: Process): number => requestsPerSecond * costs.requestCpu[name]
  const cores = {
    ...{ gateway: idleCores.gateway + ofRequests('gateway'), worker: ofRequests('worker') },
    ...{ Kafka: ofRequests('Kafka'), Redis: idleCores.Redis + ofRequests('Redis') },
  }
  const workers = Math.max(1, Math.ceil(cores.worker / coreShare))
  const redisGiB = (sessions * costs.redisKiB) / KIB_OF_GIB
  return {
    heartbeatsPerSecond: sessions / (assumed.keepAliveMs / 1_000),
    renewalsPerSecond: sessions / (assumed.renewalMs / 1_000),
    requestsPerSecond,
    gatewayMemoryGiB: (sessions * costs.gatewayKiB) / KIB_OF_GIB,
    redisGiB,
    redisWorstGiB: redisGiB * assumed.redisCopies,
    redisOpsPerSecond: sessions * costs.idleRedisOps + requestsPerSecond * costs.requestRedisOps,
    ...{ idleCores, cores, workers },
    partitions: Math.min(MOST_PARTITIONS, 2 ** Math.ceil(Math.log2(Math.max(assumed.partitionsByDefault, 2 * workers)))),
    gatewaysByCores: Math.max(1, Math.ceil(cores.gateway / coreShare)),
    gatewaysByLimit: Math.ceil(sessions / assumed.sessionsOfGateway),
    oneRedisIsEnough: cores.Redis <= coreShare,
  }
}

/** Gateways of one size. */
export interface Fleet {
  gatewayGiB: number
  gateways: number
  sessionsEach: number
  /** Which of the three asks for most of them. */
  because: 'memory' | 'cores' | 'limit'
  descriptorsEach: number
  /** Addresses that a balancer of connections needs towards each gateway. */
  balancerAddresses: number
  /** Until all sessions are back after all connections were lost, s. */
  backInSeconds: number
}

/** Undefined where so little memory holds no session. */
export function fleetOf(costs: Costs, needs: Needs, assumed: Assumptions, gatewayGiB: number): Fleet | undefined {
  const room = gatewayGiB * MIB_OF_GIB * assumed.memoryShare - costs.gatewayBaseMiB
  const fit = Math.floor((room * MIB_OF_GIB) / costs.gatewayKiB)
  if (fit < 1) return undefined
  const byReason = {
    memory: Math.ceil(assumed.sessions / fit),
    cores: needs.gatewaysByCores,
    limit: needs.gatewaysByLimit,
  }
  const gateways = Math.max(...Object.values(byReason))
  const because = (['limit', 'cores', 'memory'] as const).find(reason => byReason[reason] === gateways)!
  const sessionsEach = Math.ceil(assumed.sessions / gateways)
  return {
    ...{ gatewayGiB, gateways, sessionsEach, because },
    descriptorsEach: Math.ceil(sessionsEach * costs.descriptors),
    balancerAddresses: Math.ceil(sessionsEach / assumed.portsOfAddress),
    backInSeconds: sessionsEach / assumed.acceptRate,
  }
}
