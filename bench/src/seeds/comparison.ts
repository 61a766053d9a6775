import { COST, figuresOf, ROUND_TRIPS } from '../capacity/figures.ts'
import type { Found } from '../capacity/run-studies.ts'
import { type Figures, pointOf } from '../capacity/study.ts'
import { CAUSEWAY_EMBEDDED, causewayOn } from '../causeway.ts'
import { startEach } from '../compare.ts'
import { shapeOf } from '../growth/growth-run.ts'
import { WARM_UP_MS } from '../limits.ts'
import { measure } from '../measure.ts'
import { FASTIFY } from '../peers/fastify.ts'
import { GRPC_JS } from '../peers/grpc-js.ts'
import { RABBITMQ } from '../peers/rabbitmq.ts'
import { interleaved } from '../rounds.ts'
import { PAYLOAD_SIZE } from '../shapes.ts'
import type { Subject } from '../subject.ts'
import { besideTheArticle, CONNECTIONS, OURS, PEERS, ratiosTable } from './comparison-tables.ts'
import type { Seed, SeedRun } from './seed.ts'

/** The articles', bytes. */
const THEIR_SIZE = 1_024

/** By the names of the tables. */
const SUBJECTS: Readonly<Record<string, Subject>> = {
  [OURS.kafkajs]: causewayOn({ client: 'kafkajs', aof: 'everysec' }),
  [OURS.platformatic]: causewayOn({ client: 'platformatic', aof: 'everysec' }),
  [OURS.embedded]: CAUSEWAY_EMBEDDED,
  [PEERS.grpc]: GRPC_JS,
  [PEERS.rest]: FASTIFY,
  [PEERS.rabbitmq]: RABBITMQ,
}

const KEPT_BY = `Causeway stores each request and its answer before it counts: on Kafka (acks=all, page cache) and Redis (appendfsync everysec), or embedded on disk, fsynced. RabbitMQ stores the request (durable queue, persistent, confirmed) and not the answer. gRPC and REST store nothing: what dies with the process is lost`
const MADE_OF = `A generator of its own process speaks to each: raw frames to Causeway, the libraries' own clients to gRPC (\`@grpc/grpc-js\`, a channel a connection) and RabbitMQ (\`amqplib\`, direct reply-to), HTTP/1.1 on kept sockets to REST (Fastify, JSON with schemas; the size is that of the text in it)`

const comparisonOf = (size: number, id: string): Seed => ({
  ours: Object.values(OURS),
  study: {
    id,
    title: `Beside gRPC, REST and RabbitMQ, ${size.toLocaleString('en')} B`,
    what: `an echo of ${size.toLocaleString('en')} B over so many connections, each with one request outstanding. ${KEPT_BY}. ${MADE_OF}. All run at a time, and are measured in turn: connections by connections, the systems one behind the other. The articles' network took 0.3 ms, here everything is one machine`,
    of: 'connections',
    lines: 'system',
    columns: [...ROUND_TRIPS, COST],
    plot: { figure: 'perSecond', unit: 'round trips a second', logarithmic: [] },
    conclude: points => [...ratiosTable(points), ...(size === THEIR_SIZE ? besideTheArticle(points) : [])],
  },
  measure: run => compareAt(size, run),
})

/** At the articles' size, and at the one of all other measurements here. */
export const COMPARISON = comparisonOf(THEIR_SIZE, 'comparison')
export const SMALL_COMPARISON = comparisonOf(PAYLOAD_SIZE, 'comparison-small')

/** What is not on this machine is told and left out. */
async function compareAt(size: number, { rounds, seconds, tell }: SeedRun): Promise<Found> {
  await using parts = new AsyncDisposableStack()
  const { started } = await startEach(Object.values(SUBJECTS), parts, tell)
  const systems = Object.entries(SUBJECTS).flatMap(([line, subject]) => {
    const system = started.get(subject)
    return system === undefined ? [] : [{ line, subject, system }]
  })
  for (const { line, subject, system } of systems) {
    tell(`warming up ${line}`)
    await measure(system, { shape: shapeOf(CONNECTIONS[1], 1), size, warmUpMs: subject.firstWarmUpMs, measureMs: 1 })
  }
  const steps = CONNECTIONS.flatMap(at => systems.map(each => ({ ...each, at })))
  const found = await interleaved(steps, rounds, async ({ line, system, at }, round): Promise<Figures> => {
    const measured = await measure(system, { shape: shapeOf(at, 1), size, warmUpMs: WARM_UP_MS, measureMs: seconds * 1_000 })
    tell(`round ${round}: ${line}, ${at} connections: ${Math.round(measured.roundTrips / measured.seconds)}/s`)
    return { ...figuresOf(measured), 'cpu client': (measured.generatorCpuSeconds * 1_000) / measured.roundTrips }
  })
  const versions = Object.assign({}, ...systems.map(({ system }) => system.versions))
  return { points: steps.map(({ line, at }, index) => pointOf(at, found[index], line)), versions }
}
