import swagger from '@fastify/swagger'
import type { FastifyInstance } from 'fastify'

type Schema = Readonly<Record<string, unknown>>

const text = (description: string): Schema => ({ type: 'string', description })
const whole = (description: string): Schema => ({ type: 'integer', minimum: 0, description })
const flag = (description: string): Schema => ({ type: 'boolean', description })
const object = (properties: Record<string, Schema>, required: readonly string[] = []): Schema => ({ type: 'object', properties, required })
const list = (items: Schema, description = ''): Schema => ({ type: 'array', items, description })
const ANY: Schema = { type: 'object', additionalProperties: true }

const REASON = text('Why; kept in the audit log, or with the version.')
const IDS = list({ type: 'string' }, 'Ids of dead letters, 1 to 1000.')
const FILTER = object({
  service: text('Of this service.'),
  route: text('Of this route.'),
  since: text('Unix ms, a date, or an age as 15m.'),
  q: text('A text to look for.'),
  all: flag('Every letter.'),
})
const PROBLEM = object({
  code: text('As in docs/errors.md, or of operators alone.'),
  title: text(''),
  status: whole(''),
  detail: text('What was wrong, and what to do.'),
  field: text('What is to be mended.'),
})

interface Call {
  tag: string
  summary: string
  query?: Record<string, Schema>
  body?: Schema
  answer?: Schema
  /** Status of an answer that went well. Default 200. */
  status?: number
  /** Media type of an answer that is no JSON. */
  type?: string
}

const VERSION = object({ version: whole('Number of the version.'), by: text('Who made it.'), reason: text('Why.'), at: whole('Unix ms.') })
const CHANGED = object({
  version: whole('The version that came of it.'),
  changes: list(object({ path: text('Keys with / between them.'), before: {}, after: {} })),
  warnings: list({ type: 'string' }),
  working: list({ type: 'string' }, 'Processes that work by it.'),
  pending: list({ type: 'string' }, 'Processes of which nothing was heard in time.'),
})

/** Every call of the operators' API, by method and path. A test holds it against the routes there are. */
export const CALLS: Readonly<Record<string, Call>> = {
  'GET /api/overview': { tag: 'system', summary: 'Processes, services, figures and dependencies of the whole system.', answer: ANY },
  'GET /api/routes': { tag: 'system', summary: 'Every route that was ever registered, and whether a worker serves it.', answer: list(ANY) },
  'GET /api/lag': { tag: 'system', summary: 'Ends and commits of each partition, by service.', answer: ANY },
  'GET /api/ledger': { tag: 'system', summary: 'What became of every accepted message, held against the log.', answer: ANY },
  'GET /api/events': {
    tag: 'system',
    summary: 'Server-sent events: overview each second, config on another version.',
    type: 'text/event-stream',
  },
  'GET /api/openapi.json': { tag: 'system', summary: 'This document.', answer: ANY },
  'GET /api/audit': {
    tag: 'system',
    summary: 'What operators changed, newest first.',
    query: { limit: whole('1 to 1000; 100.') },
    answer: object({ entries: list(ANY) }),
  },
  'GET /api/sessions': {
    tag: 'sessions',
    summary: 'Sessions that are alive.',
    query: { limit: whole('1 to 500; 50.') },
    answer: object({ total: whole('All there are.'), sessions: list(ANY) }),
  },
  'GET /api/sessions/:id': { tag: 'sessions', summary: 'A session: window, in flight, parked, outbox.', answer: ANY },
  'POST /api/sessions/:id/close': {
    tag: 'sessions',
    summary: 'Ends a session and closes its connection.',
    body: object({ reason: REASON }, ['reason']),
    answer: object({ session: text(''), closed: flag('') }),
  },
  'GET /api/dead-letters': {
    tag: 'dead letters',
    summary: 'Dead letters, newest first.',
    query: { ...(FILTER.properties as Record<string, Schema>), limit: whole('1 to 500; 50.'), before: text('`next` of the page before.') },
    answer: object({ letters: list(ANY), next: text('`before` of the page behind.') }),
  },
  'GET /api/dead-letters/:id': {
    tag: 'dead letters',
    summary: 'All of one, replays included.',
    query: { service: text('Where two services have one of this id.') },
    answer: ANY,
  },
  'DELETE /api/dead-letters': {
    tag: 'dead letters',
    summary: 'Removes dead letters for good.',
    body: object({ ids: IDS, service: text(''), reason: REASON }, ['ids', 'reason']),
    answer: ANY,
  },
  'POST /api/dead-letters/replay': {
    tag: 'dead letters',
    summary: 'Runs dead letters once more. With dryRun 200, and nothing is run.',
    body: object({
      ids: IDS,
      filter: FILTER,
      service: text('Beside ids.'),
      dryRun: flag(''),
      perSecond: { type: 'number' },
      deliver: { enum: ['letter', 'push'] },
      edit: ANY,
      reason: REASON,
    }),
    status: 202,
    answer: ANY,
  },
  'GET /api/dead-letters/replays': {
    tag: 'dead letters',
    summary: 'Orders of replays and how far they are.',
    answer: object({ replays: list(ANY) }),
  },
  'GET /api/dead-letters/replays/:id': { tag: 'dead letters', summary: 'One order.', answer: ANY },
  'POST /api/dead-letters/replays/:id/cancel': {
    tag: 'dead letters',
    summary: 'Stops an order: what has not begun never will.',
    body: object({ reason: REASON }, ['reason']),
    answer: ANY,
  },
  'GET /api/config': {
    tag: 'configuration',
    summary: 'The present version of the central configuration.',
    answer: object({ ...(VERSION.properties as Record<string, Schema>), source: { enum: ['log', 'disk'] }, document: ANY }),
  },
  'PUT /api/config': {
    tag: 'configuration',
    summary: 'Makes a version; taken back where a process can not work by it (422). Needs the role admin.',
    body: object({
      document: ANY,
      patch: { description: 'In place of a document: RFC 7396.' },
      base: whole('The version it was made from; 409 where that is not the present one.'),
      reason: REASON,
      dryRun: flag('Only says what would change.'),
    }),
    answer: CHANGED,
  },
  'POST /api/config/rollback': {
    tag: 'configuration',
    summary: 'Makes a former version the present one again, as a new one. Needs the role admin.',
    body: object({ version: whole(''), base: whole(''), reason: REASON }, ['version', 'reason']),
    answer: CHANGED,
  },
  'GET /api/config/history': {
    tag: 'configuration',
    summary: 'Versions, newest first.',
    query: { limit: whole('1 to 1000; 50.'), before: whole('Versions below it.') },
    answer: object({ versions: list(VERSION), next: whole('`before` of the page behind.') }),
  },
  'GET /api/config/versions/:version': {
    tag: 'configuration',
    summary: 'The document of a version.',
    answer: object({ version: whole(''), document: ANY }),
  },
  'GET /api/config/processes': {
    tag: 'configuration',
    summary: 'The version of each process, and what it refuses or keeps to itself.',
    answer: object({ version: whole(''), processes: list(ANY) }),
  },
}

/** GET /api/openapi.json, made from the routes that are registered after this. Bodies are checked by their calls, which say more than a schema can. */
export async function describeApi(server: FastifyInstance, version: string): Promise<void> {
  server.setValidatorCompiler(() => () => true)
  server.setSerializerCompiler(() => data => JSON.stringify(data))
  await server.register(swagger, {
    hideUntagged: true,
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Causeway: operators',
        version,
        description: "On the operators' port of any gateway, about the whole system. Roles and tokens: docs/operations.md.",
      },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }],
    },
  })
  server.addHook('onRoute', route => {
    const call = CALLS[`${String(route.method)} ${route.url}`]
    if (call !== undefined) route.schema = schemaOf(route.url, call)
    else if (route.url.startsWith('/api/') && route.method !== 'HEAD')
      throw new Error(`${String(route.method)} ${route.url} is not described in openapi.ts`)
  })
  server.get('/api/openapi.json', () => server.swagger())
}

function schemaOf(url: string, { tag, summary, query, body, answer, status = 200, type }: Call): object {
  const names = [...url.matchAll(/:(\w+)/g)].map(([, name]) => name!)
  const content =
    type === undefined ? { description: summary, ...answer } : { description: summary, content: { [type]: { schema: { type: 'string' } } } }
  return {
    tags: [tag],
    summary,
    ...(names.length > 0 && { params: object(Object.fromEntries(names.map(name => [name, text('')])), names) }),
    ...(query !== undefined && { querystring: object(query) }),
    ...(body !== undefined && { body }),
    response: {
      [status]: content,
      default: { description: 'What was wrong.', content: { 'application/problem+json': { schema: PROBLEM } } },
    },
  }
}
