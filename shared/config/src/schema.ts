import type { DialectTable } from '@causeway/protocol'
import { addressRanges } from './addresses.ts'
import { dialects } from './dialects.ts'
import { duration, flag, integer, type Kind, list, oneOf, port, powerOfTwo, size, text } from './kinds.ts'
import { type ListenerConfig, listeners } from './listeners.ts'

/** What a process is; one that was begun by `causeway start` is both. */
export type Role = 'gateway' | 'worker'

/** One key of the configuration: how it is read, what it is by default, what it is for. */
export interface Key<T> {
  kind: Kind<T>
  default: T
  doc: string
  /** Where the central configuration can change it while the process runs; nowhere: it takes effect at start alone. */
  hot: readonly Role[]
}

const key = <T>(kind: Kind<T>, standard: T, doc: string, ...hot: Role[]): Key<T> => ({ kind, default: standard, doc, hot })
const optional = <T>(kind: Kind<T>, doc: string, ...hot: Role[]): Key<T | undefined> => ({ kind, default: undefined, doc, hot })

/**
 * Every key there is. A key `tcpPort` is CAUSEWAY_TCP_PORT in the environment, --tcp-port as a flag, tcpPort in a file;
 * docs/configuration.md is made from this table.
 */
export const SCHEMA = {
  host: key(
    text,
    '127.0.0.1',
    'Address that the TCP, HTTP and worker ports listen on. Any other than a loopback address demands a choice of `auth`.',
  ),
  tcpPort: key(port, 7400, 'TCP: version 2 and the header dialects that can be told apart by their first bytes.'),
  httpPort: key(port, 7401, 'HTTP: /ws, /livez, /readyz, /v1/messages.'),
  tlsPort: key(port, 7443, 'What `tcpPort` takes, over TLS. Opened where `tlsCert` and `tlsKey` are set.'),
  httpsPort: key(port, 7444, 'What `httpPort` takes, over TLS (https and wss). Opened with `tlsPort`.'),
  tlsCert: optional(text, 'PEM file of the certificate, its chain behind it. Read again when it changes, and on SIGHUP.'),
  tlsKey: optional(text, 'PEM file of its private key, without a passphrase.'),
  tlsCa: optional(
    text,
    "PEM file of the CA of clients' certificates. Where it is set, `tlsPort` and `httpsPort` take no client without one; with `auth: none` its name is the principal.",
  ),
  adminPort: key(port, 7402, 'Operators: the page, /queues, /api, /metrics.'),
  workerPort: key(port, 7403, "A worker's /livez, /readyz, /metrics."),
  adminHost: key(
    text,
    '127.0.0.1',
    'Address of the admin port. Any other than a loopback address demands `adminToken` or `adminAuth: none`.',
  ),
  adminToken: optional(text, 'Bearer token of an admin, who may do everything on the admin port; with it the port asks for a token.'),
  operatorToken: optional(text, 'Bearer token of an operator, who may not change the configuration.'),
  viewerToken: optional(text, 'Bearer token of a viewer, who may change nothing.'),
  adminAuth: optional(oneOf('none'), '`none` opens the admin port to whoever reaches it.'),
  listeners: key(
    listeners,
    [] as readonly ListenerConfig[],
    'Ports of their own for header dialects; who may speak there says `auth` (docs/operations.md, *Who may connect*).',
    'gateway',
  ),
  dialects: key(
    dialects,
    {} as Readonly<Record<string, DialectTable>>,
    'Header dialects of your own, for listeners to name (docs/dialects/README.md).',
  ),
  processes: key(
    integer(1, 64, 'processes'),
    1,
    'Processes of `causeway gateway` that share its ports, each a gateway of its own, for machines with more cores; on Kafka and Redis only (docs/adr/0018).',
  ),
  proxyProtocol: key(flag, false, 'Whether TCP connections begin with a PROXY protocol header (version 1 or 2), as behind an edge.'),
  dataDir: key(text, 'data', 'Folder of the embedded mode; one process holds it at a time.'),
  kafkaBrokers: optional(list, 'Kafka brokers, host:port; set together with `redisUrl`, or neither for the embedded mode.'),
  redisUrl: optional(text, 'Redis, redis:// or rediss://; set together with `kafkaBrokers`.'),
  configTopic: key(
    text,
    'causeway.config',
    'Topic of the central configuration; another one for each installation that shares a Kafka (docs/operations.md, *Configuration while running*).',
  ),
  redisPrefix: key(text, 'causeway', 'First part of every key in Redis.'),
  kafkaClient: key(oneOf('kafkajs', 'platformatic'), 'kafkajs', 'Library that appends to Kafka (docs/adr/0002).'),
  partitions: key(powerOfTwo, 16, 'Partitions of a service; fixed when its topic is created.'),
  replication: key(integer(1, 9), 1, 'Replicas of each partition; 3 on a cluster of three and more.'),
  auth: optional(oneOf('none', 'jwt'), 'Whether a SYN must carry a token; `none` by default only while every address is loopback.'),
  jwtSecret: optional(text, 'Secret of HS256 tokens, at least 32 bytes.'),
  jwksUrl: optional(text, "URL of the issuer's key set, in place of a secret."),
  jwtIssuer: optional(text, "Checked against a token's `iss` when set."),
  jwtAudience: optional(text, "Checked against a token's `aud` when set."),
  origins: optional(list, 'Origins whose pages may open a WebSocket; by default only pages of this host.', 'gateway'),
  allow: optional(
    addressRanges,
    'Addresses from which connections are taken on the TCP and HTTP ports and their TLS ones; all others are closed.',
    'gateway',
  ),
  deny: optional(addressRanges, 'Addresses from which none is taken there; goes before `allow`.', 'gateway'),
  sessionTtl: key(duration(1_000, 86_400_000), 120_000, 'How long a session outlives its connection.', 'gateway'),
  window: key(integer(1, 4_096), 1_024, 'Most messages a session may have unfinished.', 'gateway'),
  windowBytes: key(size(1_024, 1 << 30), 8 << 20, 'Most bytes a session may have unfinished.', 'gateway'),
  maxPayload: key(size(1, 4_128_768), 1 << 20, 'Largest payload; at most 4 MiB less 64 KiB, what the topics take.'),
  sendBuffer: key(size(4_096, 1 << 30), 1 << 20, 'Bytes that may wait for a client that does not read before it is cut off.', 'gateway'),
  keepAlive: key(duration(200, 3_600_000), 30_000, 'Silence after which a PING is sent; thrice that ends the connection.', 'gateway'),
  acceptRate: key(
    integer(0, 1_000_000, 'connections a second'),
    2_000,
    'Most connections taken, over TCP and WebSocket together. More wait for up to 2 s; beyond that they are refused with OVERLOADED. 0: no bound.',
    'gateway',
  ),
  rateLimit: key(
    integer(0, 1_000_000, 'messages a second'),
    0,
    'Most messages a second of each principal (of each session where clients need no token), at each gateway, and as many in one burst; more are refused with RATE_LIMITED. 0: no bound.',
    'gateway',
  ),
  handshakeTimeout: key(duration(50, 600_000), 5_000, 'Time a connection has for its handshake.', 'gateway'),
  routeGrace: key(duration(0, 3_600_000), 60_000, 'How long requests are stored for a route that lost its last worker.', 'gateway'),
  startTimeout: key(duration(0, 3_600_000), 60_000, 'How long a process that starts waits for Kafka and Redis.'),
  drainTimeout: key(duration(0, 600_000), 10_000, 'How long SIGTERM waits for what is in flight.', 'gateway', 'worker'),
  concurrency: key(integer(1, 100_000), 256, 'Messages a worker handles at a time, for each service.', 'worker'),
  logLevel: key(
    oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'),
    'info',
    'Least level of the lines written to stderr.',
    'gateway',
    'worker',
  ),
} as const

/** Keys that can be changed while a process of this role runs. */
export const hotKeys = (role: Role): ConfigKey[] =>
  (Object.keys(SCHEMA) as ConfigKey[]).filter(name => (SCHEMA[name] as Key<unknown>).hot.includes(role))

export type ConfigKey = keyof typeof SCHEMA
export type Config = { -readonly [K in ConfigKey]: (typeof SCHEMA)[K] extends Key<infer T> ? T : never }

/** tcpPort -> CAUSEWAY_TCP_PORT */
export const variableOf = (name: string): string => `CAUSEWAY_${name.replace(/[A-Z]/g, '_$&').toUpperCase()}`
/** tcpPort -> tcp-port */
export const flagOf = (name: string): string => name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)
