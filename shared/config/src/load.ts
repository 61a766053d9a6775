import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { parse as parseYaml } from 'yaml'
import { ConfigError, nearest } from './config-error.ts'
import { asksForCertificate } from './listener-auth.ts'
import type { TlsFiles } from './listener-tls.ts'
import { speaksTls } from './listeners.ts'
import { type Config, type ConfigKey, flagOf, type Key, SCHEMA, variableOf } from './schema.ts'

/** Where values come from: flags over environment over file over default. */
export interface Sources {
  /** By key; from the command line. */
  flags?: Readonly<Record<string, unknown>>
  /** Default: process.env. */
  environment?: Readonly<Record<string, string | undefined>>
  /** Path of a YAML or JSON file; default CAUSEWAY_CONFIG. */
  file?: string
}

/** Variables with our prefix that other parts of the house read. */
const FOREIGN_VARIABLES = /^CAUSEWAY_(CONFIG$|TEST_|DEMO_|CI_|BENCH_)/
const KEYS = Object.keys(SCHEMA) as ConfigKey[]
/** HS256 wants a key of at least its own output (RFC 7518, section 3.2). */
const MIN_SECRET_BYTES = 32

/** Where a value came from. */
export type Origin = 'flag' | 'environment' | 'file' | 'default'

/** A process's own configuration, and where each of its values came from. */
export interface Settings {
  config: Config
  origins: Readonly<Record<ConfigKey, Origin>>
}

/** Reads and checks the configuration; throws ConfigError with every problem there is. */
export const loadConfig = (sources: Sources = {}): Config => loadSettings(sources).config

/** As loadConfig, with the origin of each value. */
export function loadSettings(sources: Sources = {}): Settings {
  const environment = sources.environment ?? process.env
  const problems: string[] = []
  const file = readFile(sources.file ?? environment.CAUSEWAY_CONFIG, problems)
  reportUnknown(environment, file, problems)
  const config = {} as Record<ConfigKey, unknown>
  const origins = {} as Record<ConfigKey, Origin>
  for (const name of KEYS) [config[name], origins[name]] = resolve(name, sources, environment, file, problems)
  if (problems.length === 0) crossChecks(config as Config, problems)
  if (problems.length > 0) throw new ConfigError(problems)
  return { config: withTables(config as Config), origins }
}

/** What keeps values that are each right from going together. */
export function checkTogether(config: Config): string[] {
  const problems: string[] = []
  crossChecks(config, problems)
  return problems
}

/** Listeners of a dialect that the configuration brings get its table. */
export function withTables(config: Config): Config {
  const listeners = config.listeners.map(listener => {
    const table = Object.hasOwn(config.dialects, listener.dialect) ? config.dialects[listener.dialect] : undefined
    return table === undefined ? listener : { ...listener, table }
  })
  return { ...config, listeners }
}

function readFile(path: string | undefined, problems: string[]): { path: string; values: Record<string, unknown> } {
  if (path === undefined || path === '') return { path: '', values: {} }
  try {
    const values: unknown = parseYaml(readFileSync(path, 'utf8')) ?? {}
    if (typeof values === 'object' && !Array.isArray(values)) return { path, values: values as Record<string, unknown> }
    problems.push(`file ${path}: expected keys and values at the top level, as "tcpPort: 7400"`)
  } catch (error) {
    problems.push(`file ${path} (CAUSEWAY_CONFIG): ${(error as Error).message}`)
  }
  return { path, values: {} }
}

function reportUnknown(
  environment: Readonly<Record<string, string | undefined>>,
  file: { path: string; values: object },
  problems: string[],
): void {
  const variables = KEYS.map(variableOf)
  for (const name of Object.keys(environment)) {
    if (!name.startsWith('CAUSEWAY_') || FOREIGN_VARIABLES.test(name) || variables.includes(name)) continue
    problems.push(`environment variable ${name} is not known${suggestion(nearest(name, variables))}`)
  }
  for (const name of Object.keys(file.values)) {
    if (KEYS.includes(name as ConfigKey)) continue
    problems.push(`key ${name} in ${file.path} is not known${suggestion(nearest(name, KEYS))}`)
  }
}

const suggestion = (near: string | undefined): string => (near === undefined ? '' : `; did you mean ${near}?`)

function resolve(
  name: ConfigKey,
  sources: Sources,
  environment: Readonly<Record<string, string | undefined>>,
  file: { path: string; values: Record<string, unknown> },
  problems: string[],
): [unknown, Origin] {
  const { kind, default: standard } = SCHEMA[name] as Key<unknown>
  const variable = variableOf(name)
  const candidates: [unknown, string, Origin][] = [
    [sources.flags?.[name], `flag --${flagOf(name)}`, 'flag'],
    [environment[variable] === '' ? undefined : environment[variable], `environment variable ${variable}`, 'environment'],
    [file.values[name], `key ${name} in ${file.path}`, 'file'],
  ]
  for (const [raw, from, origin] of candidates) {
    if (raw === undefined) continue
    const value = kind.read(raw)
    if (value !== undefined) return [value, origin]
    const faults = kind.faults?.(raw) ?? []
    problems.push(...faults.map(fault => `${from}${fault}`))
    if (faults.length > 0) return [standard, 'default']
    const shown = SECRETS.has(name) || kind.secret?.(raw) ? '(hidden)' : JSON.stringify(raw)
    problems.push(`${from} is ${shown}: expected ${kind.expected}`)
    return [standard, 'default']
  }
  return [standard, 'default']
}

/** Never shown. */
export const SECRETS: ReadonlySet<ConfigKey> = new Set<ConfigKey>(['jwtSecret', 'adminToken', 'operatorToken', 'viewerToken', 'redisUrl'])

const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))

function crossChecks(config: Config, problems: string[]): void {
  if ((config.kafkaBrokers === undefined) !== (config.redisUrl === undefined)) {
    const [set, missing] =
      config.kafkaBrokers === undefined
        ? ['CAUSEWAY_REDIS_URL', 'CAUSEWAY_KAFKA_BROKERS']
        : ['CAUSEWAY_KAFKA_BROKERS', 'CAUSEWAY_REDIS_URL']
    problems.push(`${set} is set and ${missing} is not: set both for Kafka and Redis, or neither for the embedded mode`)
  }
  if (config.redisUrl !== undefined && !/^rediss?:\/\//.test(config.redisUrl)) {
    problems.push('environment variable CAUSEWAY_REDIS_URL (hidden): expected a URL as redis://127.0.0.1:6379')
  }
  if (!isLoopback(config.host) && config.auth === undefined) {
    problems.push(
      `CAUSEWAY_HOST is ${JSON.stringify(config.host)}, which others can reach: expected a choice, CAUSEWAY_AUTH=jwt (with CAUSEWAY_JWT_SECRET or CAUSEWAY_JWKS_URL) or CAUSEWAY_AUTH=none`,
    )
  }
  if (!isLoopback(config.adminHost) && config.adminToken === undefined && config.adminAuth !== 'none') {
    problems.push(
      `CAUSEWAY_ADMIN_HOST is ${JSON.stringify(config.adminHost)}, which others can reach: expected CAUSEWAY_ADMIN_TOKEN or CAUSEWAY_ADMIN_AUTH=none`,
    )
  }
  checkOperators(config, problems)
  checkTokens(config, problems)
  checkTls(config, problems)
}

/** A listener that speaks TLS without a certificate, or asks for clients' without knowing who signs them, can't begin. */
function checkTls({ tlsCert, tlsKey, tlsCa, listeners }: Config, problems: string[]): void {
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    const [set, missing] = tlsKey === undefined ? ['CAUSEWAY_TLS_CERT', 'CAUSEWAY_TLS_KEY'] : ['CAUSEWAY_TLS_KEY', 'CAUSEWAY_TLS_CERT']
    problems.push(`${set} is set and ${missing} is not: expected both, each the path of a PEM file`)
  }
  if (tlsCa !== undefined && tlsCert === undefined && tlsKey === undefined) {
    problems.push('CAUSEWAY_TLS_CA is set and CAUSEWAY_TLS_CERT is not: expected CAUSEWAY_TLS_CERT and CAUSEWAY_TLS_KEY beside it')
  }
  for (const [index, listener] of listeners.entries()) {
    const name = `CAUSEWAY_LISTENERS[${index}]`
    const own = listener.tls !== undefined && listener.tls !== true
    const { cert, ca } = own ? (listener.tls as TlsFiles) : { cert: tlsCert, ca: tlsCa }
    if (speaksTls(listener) && cert === undefined) {
      problems.push(`${name} speaks TLS: expected its own tls {"cert", "key"}, or CAUSEWAY_TLS_CERT and CAUSEWAY_TLS_KEY`)
    } else if (asksForCertificate(listener.auth) && ca === undefined) {
      problems.push(
        `${name}.auth is mtls: expected ${own ? 'tls.ca' : 'CAUSEWAY_TLS_CA'}, the file of the CA that signs clients' certificates`,
      )
    }
  }
}

function checkOperators({ adminToken, operatorToken, viewerToken }: Config, problems: string[]): void {
  const tokens = [adminToken, operatorToken, viewerToken].filter(token => token !== undefined)
  if (tokens.length > 0 && adminToken === undefined)
    problems.push('CAUSEWAY_OPERATOR_TOKEN or CAUSEWAY_VIEWER_TOKEN is set and CAUSEWAY_ADMIN_TOKEN is not: expected an admin beside them')
  if (new Set(tokens).size < tokens.length)
    problems.push('CAUSEWAY_ADMIN_TOKEN, CAUSEWAY_OPERATOR_TOKEN and CAUSEWAY_VIEWER_TOKEN: expected a token of its own for each')
}

function checkTokens(config: Config, problems: string[]): void {
  if (config.jwksUrl !== undefined && !URL.canParse(config.jwksUrl)) {
    problems.push(`CAUSEWAY_JWKS_URL is ${JSON.stringify(config.jwksUrl)}: expected a URL as https://issuer.example/.well-known/jwks.json`)
  }
  if (config.auth !== 'jwt') return
  if (config.jwtSecret === undefined && config.jwksUrl === undefined) {
    problems.push('CAUSEWAY_AUTH is "jwt": expected CAUSEWAY_JWT_SECRET (HS256) or CAUSEWAY_JWKS_URL')
  }
  if (config.jwtSecret !== undefined && Buffer.byteLength(config.jwtSecret) < MIN_SECRET_BYTES) {
    problems.push(
      `CAUSEWAY_JWT_SECRET has ${Buffer.byteLength(config.jwtSecret)} bytes: expected at least ${MIN_SECRET_BYTES} (RFC 7518, section 3.2)`,
    )
  }
}
