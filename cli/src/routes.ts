import type { Route, Service } from '@causeway/consumers'
import type { Command } from 'commander'
import { loadServices } from './modules.ts'
import { OperatorsClient } from './operators-client.ts'
import { type Column, table } from './table.ts'

interface RoutesOptions {
  url: string
  token?: string
  json?: boolean
  asyncapi?: boolean
  types?: boolean
  title?: string
  server: readonly string[]
}

/** A route as a gateway tells of it, or as its module does. */
interface ToldRoute {
  name: string
  service: string
  opcode?: number
  oneWay: boolean
  timeoutMs: number
  order: string
  priority: string
  /** Whether a worker serves it just now; not known of a module. */
  served?: boolean
}

const COLUMNS: readonly Column<ToldRoute>[] = [
  { title: 'route', read: ({ name }) => name },
  { title: 'opcode', read: ({ opcode }) => opcode ?? '-' },
  { title: 'service', read: ({ service }) => service },
  { title: 'time-out', read: ({ timeoutMs }) => `${timeoutMs / 1_000} s` },
  { title: 'order', read: ({ order }) => order },
  { title: 'priority', read: ({ priority }) => priority },
  { title: 'answers', read: ({ oneWay }) => (oneWay ? 'no' : 'yes') },
]
const SERVED: Column<ToldRoute> = { title: 'served', read: ({ served }) => (served === true ? 'yes' : 'no worker') }

/** `causeway routes`: what a running system serves, or what modules declare, also as a document and as types. */
export function routesCommand(command: Command): void {
  command
    .argument('[modules...]', 'modules whose default export is a service; without one the gateway at --url is asked')
    .option('--url <url>', "operators' address of a gateway", 'http://127.0.0.1:7402')
    .option('--token <token>', 'token of an operator (CAUSEWAY_ADMIN_TOKEN)')
    .option('--asyncapi', 'prints an AsyncAPI 3.0 document (JSON) of the modules')
    .option('--types', "prints TypeScript types for the client's connect<Routes>()")
    .option('--title <text>', 'title of the document')
    .option('--server <name=url>', 'a gateway in the document, tcp:// or ws://; may be repeated', collect, [])
    .option('--json', 'prints the routes as JSON')
    .action(routes)
}

const collect = (value: string, all: readonly string[]): string[] => [...all, value]

async function routes(modules: readonly string[], options: RoutesOptions): Promise<void> {
  if (options.asyncapi === true || options.types === true) {
    if (modules.length === 0)
      throw new Error('--asyncapi and --types are made from the schemas of modules: name at least one, like ./orders.ts')
    const services = await loadServices(modules)
    const { asyncApi } = await import('@causeway/consumers')
    const document = asyncApi(services, { title: options.title, servers: serversOf(options.server) })
    process.stdout.write(
      options.types === true
        ? await (await import('./client-types.ts')).clientTypes(document)
        : `${JSON.stringify(document, undefined, 2)}\n`,
    )
    return
  }
  const all = modules.length > 0 ? declared(await loadServices(modules)) : await told(options)
  if (options.json === true) process.stdout.write(`${JSON.stringify(all)}\n`)
  else for (const line of table(all, modules.length > 0 ? COLUMNS : [...COLUMNS, SERVED])) process.stdout.write(`${line}\n`)
}

const told = async (options: RoutesOptions): Promise<ToldRoute[]> =>
  (await new OperatorsClient(options).get<ToldRoute[]>('/api/routes')).toSorted((a, b) => (a.name < b.name ? -1 : 1))

const declared = (services: readonly Service[]): ToldRoute[] =>
  services.flatMap(service => service.routes.map(route => ({ service: service.name, ...said(route) })))

const said = ({ name, opcode, oneWay, timeoutMs, order, priority }: Route): Omit<ToldRoute, 'service'> => ({
  ...{ name, opcode, oneWay, timeoutMs, order, priority },
})

function serversOf(given: readonly string[]): Record<string, string> | undefined {
  if (given.length === 0) return undefined
  return Object.fromEntries(
    given.map(text => {
      const [, name, url] = /^([\w.-]+)=(.+)$/.exec(text) ?? []
      if (name === undefined || url === undefined || !URL.canParse(url))
        throw new Error(`--server is ${JSON.stringify(text)}: expected a name and an address, like production=tcp://gateway.example:7400`)
      return [name, url]
    }),
  )
}
