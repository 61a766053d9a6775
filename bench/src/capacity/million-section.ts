// The section on a million sessions: what is hand-written stands here, every figure is measured or worked out from such.
import { markdownTable } from '../markdown.ts'
import { type Costs, costsOf, type Fleet, fleetOf, LEAST_SESSIONS, MILLION, type Needs, needsOf } from './million.ts'
import { IDLE_PACE } from './pace.ts'
import type { Findings } from './study.ts'

/** Memory of a gateway, GiB. */
const GATEWAYS_GIB = [1, 2, 4, 8] as const
const TITLE = '## The line to a million sessions'

export function millionSection(findings: readonly Findings[]): string {
  const costs = costsOf(findings)
  if ('missing' in costs)
    return [
      TITLE,
      `Not worked out: it needs ${number(LEAST_SESSIONS)} sessions or more of ${costs.missing.join(', ')}: \`npm run bench:growth -- --only ${costs.missing.join(',')}\`.`,
    ].join('\n\n')
  const { sessions } = costs
  const needs = needsOf(costs, MILLION)
  return [
    TITLE,
    `Nobody measured a million here. This is what the figures below give when they are multiplied: those of ${number(sessions.idle)} idle sessions, of ${number(sessions.upkeep)} that are kept up, and of ${number(sessions.active)} active ones. What is taken for granted is named first.`,
    assumptionList(),
    '### What they need',
    markdownTable([['', 'measured', 'a million sessions'], ...needRows(costs, needs)]),
    redisText(needs),
    '### How many gateways',
    `A gateway is one process that works on one core. Its sessions are bounded by its memory, by its core, and by ${number(MILLION.sessionsOfGateway)}, the most that one takes; *bounded by* says which it is. A process that holds so many connections needs as many open files allowed (\`ulimit -n\`), and more than ${number(MILLION.portsOfAddress)} of them through a balancer that opens connections of its own need that balancer to come from several addresses.`,
    fleetTable(costs, needs),
  ].join('\n\n')
}

function assumptionList(): string {
  const { requestsPerMinute, memoryShare, coreShare, redisCopies, keepAliveMs, renewalMs, acceptRate, portsOfAddress } = MILLION
  return [
    'Assumed:',
    '',
    `- All sessions stay connected; each makes ${requestsPerMinute} request a minute of 200 B, answered with as much.`,
    `- Beside that, defaults: a PING to each session every ${keepAliveMs / 1_000} s (\`keepAlive\`; requests in between spare some of them), a renewal every ${renewalMs / 1_000} s (a third of \`sessionTtl\`). Their cost is what \`upkeep\` shows beyond \`idle\`, divided by how many times as often the PINGs came, some ${IDLE_PACE}.`,
    `- Memory and CPU grow with sessions and requests as they did up to the largest size (CPU: from the smallest size to the largest); a request costs what it costs under \`active\`, whose part of the processes' idle time is counted with it: rather too much than too little.`,
    `- A process is planned to use ${percent(coreShare)} of a core, a gateway ${percent(memoryShare)} of its memory.`,
    `- Redis needs ${redisCopies} times its memory at worst, while its append-only file is rewritten. One node (adr/0003-one-redis-node.md), one core.`,
    `- An address has ${number(portsOfAddress)} ports towards another (Linux's default); a gateway takes ${number(acceptRate)} connections a second (\`acceptRate\`).`,
    '- TLS, a network between machines, replicas of Kafka and of Redis, and what handlers do cost extra.',
  ].join('\n')
}

function needRows(costs: Costs, needs: Needs): string[][] {
  const { cores, idleCores } = needs
  const ofRequest = (name: keyof Costs['requestCpu']): string => `${(costs.requestCpu[name] * 1e6).toFixed(0)} µs a request`
  const ofIdle = (name: 'gateway' | 'Redis'): string => `${(costs.idleCores[name] * 1e6).toFixed(2)} µs a second of an idle session`
  return [
    ['memory of gateways', `${costs.gatewayKiB.toFixed(2)} KiB a session`, `${needs.gatewayMemoryGiB.toFixed(1)} GiB in all`],
    [
      'memory of Redis',
      `${costs.redisKiB.toFixed(2)} KiB a session`,
      `${needs.redisGiB.toFixed(1)} GiB, at worst ${needs.redisWorstGiB.toFixed(1)} GiB`,
    ],
    ['file descriptors of gateways', `${costs.descriptors.toFixed(2)} a session`, number(MILLION.sessions * costs.descriptors)],
    ['PINGs a second', '', number(needs.heartbeatsPerSecond)],
    ['renewals a second', '', number(needs.renewalsPerSecond)],
    ['requests a second', '', number(needs.requestsPerSecond)],
    ['gateways, idle', ofIdle('gateway'), coresText(idleCores.gateway)],
    ['gateways, with requests', ofRequest('gateway'), coresText(cores.gateway)],
    ['Redis, idle', ofIdle('Redis'), coresText(idleCores.Redis)],
    ['Redis, with requests', ofRequest('Redis'), coresText(cores.Redis)],
    [
      'Redis commands a second (those of scripts count)',
      `${costs.idleRedisOps.toFixed(3)} an idle session, ${costs.requestRedisOps.toFixed(2)} a request`,
      number(needs.redisOpsPerSecond),
    ],
    ['Kafka', ofRequest('Kafka'), coresText(cores.Kafka)],
    ['workers that echo', ofRequest('worker'), `${coresText(cores.worker)}: ${needs.workers} processes`],
    ['Kafka partitions', 'two for each worker, a power of two, at least the default', String(needs.partitions)],
  ]
}

function redisText({ cores, oneRedisIsEnough }: Needs): string {
  const used = `Redis works on one core, of which this takes ${percent(cores.Redis)}`
  return oneRedisIsEnough
    ? `${used}: one node is enough.`
    : `${used}, beyond the ${percent(MILLION.coreShare)} that are planned with: **one node is not enough** for all of them, and sessions have to be spread over several systems of a Redis each.`
}

function fleetTable(costs: Costs, needs: Needs): string {
  const fleets = GATEWAYS_GIB.map(gib => fleetOf(costs, needs, MILLION, gib) ?? gib)
  const header = [
    'GiB of a gateway',
    'gateways',
    'sessions each',
    'bounded by',
    'descriptors each',
    'addresses of a balancer',
    'all back within',
  ]
  return markdownTable([header, ...fleets.map(fleetCells)])
}

const BOUNDS = { memory: 'memory', cores: 'its core', limit: 'the most that one takes' } as const

function fleetCells(fleet: Fleet | number): string[] {
  if (typeof fleet === 'number') return [String(fleet), 'none: no room for a session', '', '', '', '', '']
  const { gatewayGiB, gateways, sessionsEach, because, descriptorsEach, balancerAddresses, backInSeconds } = fleet
  return [
    ...[String(gatewayGiB), number(gateways), number(sessionsEach), BOUNDS[because], number(descriptorsEach)],
    ...[number(balancerAddresses), `${Math.ceil(backInSeconds)} s`],
  ]
}

const number = (value: number): string => Math.round(value).toLocaleString('en')
const percent = (share: number): string => `${Math.round(share * 100)} %`
const coresText = (cores: number): string => `${cores.toFixed(2)} cores`
