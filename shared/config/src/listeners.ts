import type { DialectTable } from '@causeway/protocol'
import { duration, isTable, type Kind, port, structured } from './kinds.ts'
import { AUTH_EXPECTED, asksForCertificate, authFaults, authOf, type ListenerAuth } from './listener-auth.ts'
import { type TlsFiles, tlsFaults } from './listener-tls.ts'

/** A listener of its own for one header dialect. */
export interface ListenerConfig {
  port: number
  dialect: string
  auth: ListenerAuth
  /** Speaks TLS, with these files or (true) with those of CAUSEWAY_TLS_CERT, _KEY and _CA. Default: only where `auth` is mtls. */
  tls?: TlsFiles | true
  /** The route of dialects whose header has no operation. */
  route?: string
  /** Routes by the number of their operation; the others go by opcode. */
  routes?: Readonly<Record<number, string>>
  /** Codec of its payloads: 0 bytes (default), 1 JSON, 2 MessagePack, 3 Protobuf, 128 to 255 the application's own. */
  codec?: number
  /** Silence in ms, a third of that which ends a connection; default `keepAlive`. */
  keepAlive?: number
  /** The table of a dialect that the configuration brings itself. */
  table?: DialectTable
}

/** Clients that are asked for a certificate are so within TLS. */
export const speaksTls = ({ auth, tls }: ListenerConfig): boolean => tls !== undefined || asksForCertificate(auth)

const keepAlive = duration(200, 3_600_000)

/** What a key of a listener expects, and what is wrong with a value, behind the key's name. */
interface ListenerKey {
  expected: string
  faults: (value: unknown) => readonly string[]
}

const plain = (expected: string, is: (value: unknown) => boolean): ListenerKey => ({
  expected,
  faults: value => (is(value) ? [] : [` is ${JSON.stringify(value)}: expected ${expected}`]),
})

const KEYS: Readonly<Record<string, ListenerKey>> = {
  port: plain(port.expected, value => port.read(value) !== undefined),
  dialect: plain('the name of a dialect', isName),
  auth: { expected: AUTH_EXPECTED, faults: authFaults },
  tls: { expected: 'true or paths of PEM files', faults: tlsFaults },
  route: plain('the name of a route', isName),
  routes: plain('names of routes by the number of their operation', isRoutes),
  codec: plain('0 (bytes), 1 (JSON), 2 (MessagePack), 3 (Protobuf) or 128 to 255', isCodec),
  keepAlive: plain(keepAlive.expected, value => keepAlive.read(value) !== undefined),
}
const REQUIRED = ['port', 'dialect', 'auth']

/** JSON in the environment, a list in a file. */
export const listeners: Kind<readonly ListenerConfig[]> = {
  expected:
    'a JSON list as [{"port":7411,"dialect":"vmol","auth":"none"}], with route, routes {"1":"orders.place"}, codec, keepAlive and tls where wanted',
  secret: raw => JSON.stringify(raw).includes('firstFrame'),
  read: raw => {
    const value = structured(raw)
    return Array.isArray(value) && faultsOf(value).length === 0 ? value.map(listenerOf) : undefined
  },
  faults: raw => {
    const value = structured(raw)
    return Array.isArray(value) ? faultsOf(value) : []
  },
}

function listenerOf(value: Record<string, unknown>): ListenerConfig {
  const listener = { ...value, port: port.read(value.port), auth: authOf(value.auth) } as ListenerConfig
  return value.keepAlive === undefined ? listener : { ...listener, keepAlive: keepAlive.read(value.keepAlive) }
}

function faultsOf(list: readonly unknown[]): string[] {
  return list.flatMap((value, index) => {
    if (!isTable(value)) return [`[${index}] is ${JSON.stringify(value)}: expected keys and values`]
    const missing = REQUIRED.filter(key => value[key] === undefined).map(
      key => `[${index}].${key} is absent: expected ${KEYS[key].expected}`,
    )
    const wrong = Object.entries(value).flatMap(([key, held]) => {
      if (!Object.hasOwn(KEYS, key)) return [`[${index}].${key} is not known: expected ${Object.keys(KEYS).join(', ')}`]
      return held === undefined ? [] : KEYS[key].faults(held).map(fault => `[${index}].${key}${fault}`)
    })
    return [...missing, ...wrong]
  })
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && value !== ''
}

function isCodec(value: unknown): boolean {
  const codec = Number.isInteger(value) ? (value as number) : -1
  return (codec >= 0 && codec <= 3) || (codec >= 128 && codec <= 255)
}

function isRoutes(value: unknown): boolean {
  return isTable(value) && Object.entries(value).every(([number, name]) => /^\d{1,10}$/.test(number) && isName(name))
}
