import { PEER_WARM_UP_MS } from '../limits.ts'
import { startNode } from '../node-part.ts'
import { packageVersions } from '../package-version.ts'
import { startSystem } from '../start-system.ts'
import type { Subject } from '../subject.ts'

export const GRPC_JS: Subject = {
  id: 'grpc-js',
  name: 'grpc-js unary',
  kind: 'peer',
  path: 'one Node process that answers; a channel with its own HTTP/2 connection for each connection, protobuf, no TLS',
  durability: 'nothing is stored',
  firstWarmUpMs: PEER_WARM_UP_MS,
  start: () =>
    startSystem(async parts => {
      const server = await startNode(parts, 'gRPC server', new URL('./grpc-js-server.ts', import.meta.url))
      return {
        port: server.port,
        generator: new URL('./grpc-js-generator.ts', import.meta.url),
        processes: { server: server.pid },
        versions: packageVersions('@grpc/grpc-js', 'protobufjs'),
      }
    }),
}
