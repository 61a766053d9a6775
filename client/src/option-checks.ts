/** What each option may be: a mistake is told at the call, by the option's name, and not by a message that ends at once. */
import { TIMEOUT_MAX_MS, TIMER_MAX_MS } from './limits.ts'
import type { Balance, ConnectOptions, MessageOptions, SubscribeOptions, TlsCredentials } from './options.ts'

interface Kind {
  /** For people. */
  expected: string
  /** Else it is a TypeError. */
  is: (value: unknown) => boolean
  /** Else it is a RangeError; asked of what is of the kind. */
  within?: (value: unknown) => boolean
  /** Of an object. */
  fields?: Readonly<Record<string, Kind>>
  /** No message shows what it is. */
  secret?: true
}

/** One for each option. */
type Kinds<Options> = { readonly [Name in keyof Required<Options>]: Kind }

const BALANCES: readonly Balance[] = ['round-robin', 'random', 'weighted', 'least-loaded']

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null
const isFunction = (value: unknown): boolean => typeof value === 'function'
const isText = (value: unknown): boolean => typeof value === 'string'

const milliseconds = (least: number, most: number): Kind => ({
  expected: `whole milliseconds from ${least} to ${most}`,
  is: value => typeof value === 'number',
  within: value => Number.isInteger(value) && (value as number) >= least && (value as number) <= most,
})
const object = <Fields>(expected: string, fields: Kinds<Fields>): Kind => ({ expected, is: isObject, fields })
const pem: Kind = { expected: 'PEM as text or bytes', is: value => isText(value) || value instanceof Uint8Array, secret: true }
/** Whatever realm or library it comes from. */
const signal: Kind = {
  expected: 'an AbortSignal',
  is: value =>
    isObject(value) && typeof (value as AbortSignal).aborted === 'boolean' && isFunction((value as AbortSignal).addEventListener),
}
const webAddress = (value: unknown): boolean =>
  (isText(value) || value instanceof URL) && URL.canParse(String(value)) && /^https?:/i.test(String(value))

export const CONNECT_OPTIONS: Kinds<ConnectOptions> = {
  token: { expected: 'a function that gives the token', is: isFunction, secret: true },
  backoff: object<Required<ConnectOptions>['backoff']>('an object with min and max', {
    min: milliseconds(0, TIMER_MAX_MS),
    max: milliseconds(0, TIMER_MAX_MS),
  }),
  connectTimeout: milliseconds(1, TIMER_MAX_MS),
  keepAlive: milliseconds(1, TIMEOUT_MAX_MS),
  balance: { expected: `one of ${BALANCES.join(', ')}`, is: value => BALANCES.includes(value as Balance) },
  discover: { expected: 'the address of a gateway as http://host:7401', is: webAddress },
  tls: object<TlsCredentials>('an object with ca, cert, key or servername', {
    ca: pem,
    cert: pem,
    key: pem,
    servername: { expected: "the name in the gateway's certificate", is: isText },
  }),
}

export const MESSAGE_OPTIONS: Kinds<MessageOptions> = {
  timeout: milliseconds(1, TIMEOUT_MAX_MS),
  key: { expected: 'a text', is: isText },
  signal,
  onAnsweredBy: { expected: 'a function', is: isFunction },
}

export const SUBSCRIBE_OPTIONS: Kinds<SubscribeOptions> = {
  offset: {
    expected: `an integer from 0 to ${Number.MAX_SAFE_INTEGER}`,
    is: value => typeof value === 'number' || typeof value === 'bigint',
    within: value => Number.isSafeInteger(Number(value)) && Number(value) >= 0,
  },
  signal,
}

const ROUTE: Kind = {
  expected: 'the name of a route, or its opcode from 0 to 65535',
  is: value => typeof value === 'string' || typeof value === 'number',
  within: value =>
    typeof value === 'string' ? value !== '' : Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 0xffff,
}
const CHANNEL: Kind = { expected: 'the name of a channel', is: isText, within: value => value !== '' }

/** Throws TypeError where an option is unknown or of another kind, RangeError where it is out of bounds: its name, what it is, what is expected. */
export function checkOptions<Options extends object>(options: Options | undefined, kinds: Kinds<Options>): void {
  if (options === undefined) return
  if (!isObject(options)) throw new TypeError(`the options are ${shown(options)}, expected an object`)
  checkFields('', options, kinds as Readonly<Record<string, Kind>>)
}

export const checkRoute = (route: unknown): void => check('route', route, ROUTE)
export const checkChannel = (channel: unknown): void => check('channel', channel, CHANNEL)

function checkFields(prefix: string, options: object, kinds: Readonly<Record<string, Kind>>): void {
  // inherited ones too: they are read as well
  for (const name in options) {
    const value = (options as Record<string, unknown>)[name]
    if (!Object.hasOwn(kinds, name)) {
      throw new TypeError(`${prefix}${name} is no option, expected one of ${Object.keys(kinds).join(', ')}`)
    }
    if (value !== undefined) check(prefix + name, value, kinds[name])
  }
}

function check(name: string, value: unknown, kind: Kind): void {
  const { is, within, fields } = kind
  if (!is(value)) throw new TypeError(wrongText(name, value, kind))
  if (within !== undefined && !within(value)) throw new RangeError(wrongText(name, value, kind))
  if (fields !== undefined) checkFields(`${name}.`, value as object, fields)
}

const wrongText = (name: string, value: unknown, { expected, secret }: Kind): string =>
  `${name} is ${secret ? kindOf(value) : shown(value)}, expected ${expected}`

const kindOf = (value: unknown): string => (value === null ? 'null' : `of type ${typeof value}`)

function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 64 ? `${value.slice(0, 64)}…` : value)
  return ['number', 'boolean', 'bigint'].includes(typeof value) ? String(value) : kindOf(value)
}
