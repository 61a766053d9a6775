import { PEER_WARM_UP_MS } from '../limits.ts'
import { startNode } from '../node-part.ts'
import { packageVersions } from '../package-version.ts'
import { startSystem } from '../start-system.ts'
import type { Subject } from '../subject.ts'

export const FASTIFY: Subject = {
  id: 'fastify',
  name: 'Fastify JSON',
  kind: 'transport',
  path: 'one Node process, a POST route with schemas for body and answer, HTTP/1.1 keep-alive; depth is pipelining, as in the benchmarks of its project',
  durability: 'nothing is stored',
  firstWarmUpMs: PEER_WARM_UP_MS,
  start: () =>
    startSystem(async parts => {
      const server = await startNode(parts, 'Fastify server', new URL('./fastify-server.ts', import.meta.url))
      return {
        port: server.port,
        generator: new URL('./fastify-generator.ts', import.meta.url),
        processes: { server: server.pid },
        versions: packageVersions('fastify'),
      }
    }),
}
