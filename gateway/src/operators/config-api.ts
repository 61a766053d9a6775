import type { CentralConfig, ProcessStates } from '@causeway/central-config'
import { BY_CHARACTERS } from '@causeway/central-config'
import { type ConfigDocument, DOCUMENT_BYTES } from '@causeway/config'
import type { Picture } from '@causeway/registry'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { fieldsOf, limitOf, reasonOf, shown } from './body.ts'
import { ConfigChanges } from './config-changes.ts'
import { answerProblem, OperatorProblem, wrong } from './operator-problem.ts'
import { whoOf } from './who.ts'

export interface ConfigApiOptions {
  central: CentralConfig
  states: ProcessStates
  picture: () => Picture
}

/** Bytes of a body beside its document, which may be written with more spaces than it is kept with. */
const BODY_BYTES = 2 * DOCUMENT_BYTES
const HISTORY_SHOWN = 50
const ADMIN = { role: 'admin' } as const
const HISTORY_SHOWN_MOST = 1_000

/** The central configuration: read, changed, taken back. The versions in the log are its audit. */
export function configApi(server: FastifyInstance, options: ConfigApiOptions): void {
  const calls = new ConfigCalls(options)
  const by = (handler: (request: FastifyRequest) => Promise<object>) => async (request: FastifyRequest, reply: FastifyReply) => {
    try {
      return await reply.send(await handler(request))
    } catch (error) {
      return await answerProblem(error, reply)
    }
  }
  server.register(async scope => {
    scope.setErrorHandler((error, _request, reply) => answerProblem(error, reply))
    scope.get('/api/config', by(calls.present))
    scope.put('/api/config', { bodyLimit: DOCUMENT_BYTES + BODY_BYTES, config: ADMIN }, by(calls.change))
    scope.post('/api/config/rollback', { config: ADMIN }, by(calls.rollback))
    scope.get('/api/config/history', by(calls.history))
    scope.get('/api/config/versions/:version', by(calls.version))
    scope.get('/api/config/processes', by(calls.processes))
  })
}

class ConfigCalls {
  readonly #central: CentralConfig
  readonly #changes: ConfigChanges

  constructor({ central, states, picture }: ConfigApiOptions) {
    this.#central = central
    this.#changes = new ConfigChanges(central, states, picture)
  }

  readonly present = async (): Promise<object> => {
    const { version, document, by, reason, at } = this.#central.latest
    return { version, ...(version > 0 && { by, reason, at }), source: this.#central.readable ? 'log' : 'disk', document }
  }

  readonly change = async (request: FastifyRequest): Promise<object> => {
    const body = fieldsOf(request.body, 'the body', ['document', 'patch', 'base', 'reason', 'dryRun'])
    const { document, patch, base, dryRun = false } = body
    if ((document === undefined) === (patch === undefined)) throw wrong('document', 'or patch: expected one of the two')
    if (typeof dryRun !== 'boolean') throw wrong('dryRun', `is ${shown(dryRun)}: expected true or false`)
    const wanted = {
      ...{ document: document as ConfigDocument | undefined, patch, by: byOf(request) },
      base: base === undefined ? undefined : versionOf(base, 'base'),
      reason: dryRun && body.reason === undefined ? '' : reasonOf(body.reason),
    }
    if (!dryRun) return await this.#changes.make(wanted)
    const { base: from, changes, warnings } = this.#changes.plan(wanted)
    return { dryRun: true, base: from, changes, warnings }
  }

  readonly rollback = async (request: FastifyRequest): Promise<object> => {
    const body = fieldsOf(request.body, 'the body', ['version', 'base', 'reason'])
    const version = versionOf(body.version, 'version')
    const base = body.base === undefined ? undefined : versionOf(body.base, 'base')
    const document = this.#documentOf(version)
    const reason = `back to version ${version}: ${reasonOf(body.reason)}`
    return await this.#changes.make({ document, base, reason: reason.slice(0, 500), by: byOf(request) })
  }

  readonly history = async ({ query }: FastifyRequest): Promise<object> => {
    const { before, limit } = query as { before?: unknown; limit?: unknown }
    const most = limitOf(limit, HISTORY_SHOWN, HISTORY_SHOWN_MOST)
    const below = before === undefined ? Number.POSITIVE_INFINITY : versionOf(before, 'before')
    const versions = this.#central.history(below, most)
    return { versions, ...(versions.length === most && { next: versions.at(-1)!.version }) }
  }

  readonly version = async ({ params }: FastifyRequest): Promise<object> => {
    const version = versionOf((params as { version: string }).version, 'version')
    return { version, document: this.#documentOf(version) }
  }

  readonly processes = async (): Promise<object> => ({ version: this.#central.latest.version, processes: await this.#changes.processes() })

  #documentOf(version: number): ConfigDocument {
    const document = this.#central.documentOf(version)
    if (document === undefined) throw new OperatorProblem('NOT_FOUND', `version ${version} is not kept, or never was`, 'version')
    return document
  }
}

const byOf = (request: FastifyRequest): string => whoOf(request).by.slice(0, BY_CHARACTERS)

function versionOf(value: unknown, field: string): number {
  const version = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value
  if (typeof version !== 'number' || !Number.isSafeInteger(version) || version < 0)
    throw wrong(field, `is ${shown(value)}: expected the number of a version`)
  return version
}
