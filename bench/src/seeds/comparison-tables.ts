import type { Point } from '../capacity/study.ts'
import { markdownTable } from '../markdown.ts'
import { type Claim, claimsTable } from './seed.ts'

/** Ours, as the tables name them. */
export const OURS = { kafkajs: 'Causeway kafkajs', platformatic: 'Causeway platformatic', embedded: 'Causeway embedded' } as const
export const PEERS = { grpc: 'gRPC', rest: 'REST', rabbitmq: 'RabbitMQ' } as const

/** The articles' range. */
export const CONNECTIONS = [10, 100, 1_000] as const
/** What is held against the articles, which tell one figure for all of it. */
const TOLD_AT = CONNECTIONS[1]

const ARTICLE = {
  [PEERS.grpc]: { perSecond: 9_800, p50Ms: 2.1 },
  [PEERS.rest]: { perSecond: 3_200, p50Ms: 6.7 },
  [PEERS.rabbitmq]: { perSecond: 1_600, p50Ms: 12.5 },
} as const

/** Round trips of each of ours by those of each peer, of medians; what was not measured is empty. */
export function ratiosTable(points: readonly Point[]): string[] {
  const [ours, peers] = [Object.values(OURS), Object.values(PEERS)]
  const speed = (line: string, at: number): number | undefined =>
    points.find(point => point.line === line && point.at === at)?.figures.perSecond?.median
  const ratio = (our: number, their: number | undefined): string => (their === undefined ? '' : `${(our / their).toFixed(2)}`)
  const rows = CONNECTIONS.flatMap(at =>
    ours.flatMap(line => {
      const own = speed(line, at)
      return own === undefined ? [] : [[line, at.toLocaleString('en'), ...peers.map(peer => ratio(own, speed(peer, at)))]]
    }),
  )
  if (rows.length === 0) return []
  return [
    'Round trips of ours by those of each other one:',
    markdownTable([['', 'connections', ...peers.map(peer => `× ${peer}`)], ...rows]),
  ]
}

/** The articles' winner over their others, beside gRPC and each of ours in its place here. */
export function besideTheArticle(points: readonly Point[]): string[] {
  const claims = [PEERS.rest, PEERS.rabbitmq].flatMap(from =>
    [PEERS.grpc, ...Object.values(OURS)].flatMap(to => (['perSecond', 'p50Ms'] as const).map(figure => claimOf(from, to, figure))),
  )
  const table = claimsTable(claims)(points)
  if (table.length === 0) return []
  const text = `The articles hold gRPC against the two others, over 10 to 1,000 connections in one figure each. Here at ${TOLD_AT}: gRPC as there, then Causeway in its place.`
  return [text, ...table]
}

function claimOf(from: 'REST' | 'RabbitMQ', to: string, figure: 'perSecond' | 'p50Ms'): Claim {
  const [unit, isLess] = figure === 'perSecond' ? ['requests/s', false] : ['ms', true]
  return {
    what: `${unit}, ${from} → ${to}`,
    article: [ARTICLE[from][figure], ARTICLE[PEERS.grpc][figure]],
    ours: [
      { line: from, at: TOLD_AT },
      { line: to, at: TOLD_AT },
    ],
    ...{ figure, isLess },
  }
}
