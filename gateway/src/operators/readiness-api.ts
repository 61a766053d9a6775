import type { FastifyInstance } from 'fastify'
import type { Readiness } from '../readiness.ts'
import type { ProcessReadiness, Siblings } from '../siblings.ts'

/** /readyz of the operators' port: where several processes share the gateway's ports, it is ready when all are. */
export function readinessApi(server: FastifyInstance, own: () => Readiness, siblings: Siblings | undefined): void {
  server.get('/readyz', async (_request, reply) => {
    const readiness = siblings === undefined ? own() : together({ process: siblings.process, ...own() }, await siblings.readiness())
    return await reply.code(readiness.status === 'ready' ? 200 : 503).send(readiness)
  })
}

function together(own: ProcessReadiness, others: readonly ProcessReadiness[]): { status: Readiness['status']; processes: object[] } {
  const processes = [own, ...others].sort((a, b) => a.process - b.process)
  if (processes.some(({ status }) => status === 'draining')) return { status: 'draining', processes }
  return { status: processes.every(({ status }) => status === 'ready') ? 'ready' : 'not ready', processes }
}
