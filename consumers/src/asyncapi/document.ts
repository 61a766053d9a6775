import type { Route } from '../route.ts'
import type { Service } from '../service.ts'
import { inputSchema, type JsonSchema, outputSchema, placed } from './json-schema.ts'

export interface AsyncApiOptions {
  title?: string
  version?: string
  /** Addresses of gateways, tcp:// or ws://, by the name of the server. */
  servers?: Readonly<Record<string, string>>
}

interface Message {
  payload: JsonSchema
}

/** The routes of services as an AsyncAPI 3.0 document (asyncapi.com/docs/reference/specification/v3.0.0): a channel and an operation each. */
export interface AsyncApiDocument {
  asyncapi: '3.0.0'
  info: { title: string; version: string; description: string }
  defaultContentType: 'application/json'
  servers?: Record<string, { host: string; protocol: string; pathname?: string }>
  channels: Record<string, { address: string; messages: Record<string, Message>; 'x-causeway': object }>
  operations: Record<string, object>
}

const DESCRIPTION =
  'Routes of the Message Communication Protocol, version 2. The answer to a request has its msgId; failures are ERROR frames with a code of the registry.'

export function asyncApi(services: readonly Service[], options: AsyncApiOptions = {}): AsyncApiDocument {
  const all = services.flatMap(service => service.routes.map(route => ({ service, route })))
  const { title = services.map(({ name }) => name).join(', '), version = services[0]?.version ?? '1', servers } = options
  return {
    asyncapi: '3.0.0',
    info: { title, version, description: DESCRIPTION },
    defaultContentType: 'application/json',
    ...(servers === undefined ? {} : { servers: Object.fromEntries(Object.entries(servers).map(([name, url]) => [name, server(url)])) }),
    channels: Object.fromEntries(all.map(({ service, route }) => [route.name, channel(service, route)])),
    operations: Object.fromEntries(all.map(({ route }) => [route.name, operation(route)])),
  }
}

function server(url: string): { host: string; protocol: string; pathname?: string } {
  const { host, protocol, pathname } = new URL(url)
  const path = pathname === '' || pathname === '/' ? {} : { pathname }
  return { host, protocol: protocol.slice(0, -1), ...path }
}

function channel(service: Service, route: Route): AsyncApiDocument['channels'][string] {
  const { name, opcode, timeoutMs, order, priority, oneWay } = route
  const at = (kind: string): string => `#/channels/${name}/messages/${kind}/payload`
  const messages: Record<string, Message> = { request: { payload: placed(inputSchema(route.input), at('request')) } }
  if (!oneWay) messages.response = { payload: placed(outputSchema(route.output), at('response')) }
  return { address: name, messages, 'x-causeway': { service: service.name, opcode, timeoutMs, order, priority } }
}

function operation({ name, oneWay }: Route): object {
  const channel = { $ref: `#/channels/${name}` }
  const messages = (kind: string): object[] => [{ $ref: `#/channels/${name}/messages/${kind}` }]
  const receive = { action: 'receive', channel, messages: messages('request') }
  return oneWay ? receive : { ...receive, reply: { channel, messages: messages('response') } }
}
