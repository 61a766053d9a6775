import type { Backends } from '@causeway/backends'
import type { Service } from '@causeway/consumers'
import type { Gateway } from '@causeway/gateway'
import { type Options, tell } from './process.ts'

/** Where a gateway serves: as JSON, and as lines for people. */
export interface Addresses {
  json: { tls?: string; listeners: { dialect: string; address: string }[] }
  lines: readonly string[]
}

/** SIGHUP says that certificates were renewed. Where there are none it ends the process, as it does when its terminal is closed. */
export function renewOnSignal(gateway: Gateway): void {
  const { tls, listeners } = gateway.addresses
  if (tls !== undefined || listeners.some(({ overTls }) => overTls)) process.on('SIGHUP', () => gateway.renewCertificates())
}

/** Whether it has certificates. */
export const renewable = ({ json: { tls, listeners } }: Addresses): boolean =>
  tls !== undefined || listeners.some(({ address }) => address.startsWith('tls:'))

export const tellAddresses = ({ json, lines }: Addresses, options: Options): void => tell(options, json, lines)

export function addressesOf(gateway: Gateway, backends: Backends, services: readonly Service[] = []): Addresses {
  const { tcp, http, tls, https, admin, listeners } = gateway.addresses
  const at = ({ address, port, family }: { address: string; port: number; family: string }): string =>
    `${family === 'IPv6' ? `[${address}]` : address}:${port}`
  const addresses = {
    tcp: `tcp://${at(tcp)}`,
    websocket: `ws://${at(http)}/ws`,
    http: `http://${at(http)}`,
    ...(tls && { tls: `tls://${at(tls)}` }),
    ...(https && { https: `https://${at(https)}`, secureWebsocket: `wss://${at(https)}/ws` }),
    operators: `http://${at(admin)}/`,
    queues: `http://${at(admin)}/queues`,
    listeners: listeners.map(({ dialect, address, overTls }) => ({ dialect, address: `${overTls ? 'tls' : 'tcp'}://${at(address)}` })),
  }
  const lines = [
    `causeway serves on ${backends.kind === 'embedded' ? 'its own data folder (embedded)' : 'Kafka and Redis'}`,
    ...services.map(service => `service    ${service.name}: ${service.routes.map(route => route.name).join(', ')}`),
    `TCP        ${addresses.tcp}`,
    `WebSocket  ${addresses.websocket}`,
    `HTTP       ${addresses.http}/v1/messages, /livez, /readyz`,
    ...(addresses.tls ? [`TLS        ${addresses.tls}`] : []),
    ...(addresses.https ? [`HTTPS      ${addresses.https}/v1/messages, ${addresses.secureWebsocket}`] : []),
    `operators  ${addresses.operators}`,
    `queues     ${addresses.queues}`,
    ...addresses.listeners.map(({ dialect, address }) => `${dialect.padEnd(10)} ${address}`),
  ]
  return { json: addresses, lines }
}
