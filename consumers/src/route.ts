import { PRIORITIES, type Priority } from '@causeway/registry'
import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { PayloadCodec } from './codecs/payload-codec.ts'
import { RouteCodecs } from './codecs/route-codecs.ts'
import type { Context } from './context.ts'
import { milliseconds } from './milliseconds.ts'
import type { Gate } from './policies/gate.ts'
import {
  asFunction,
  asObject,
  POLICY_OPTIONS,
  type Policies,
  type PolicyOptions,
  policiesOf,
  type ThreadOptions,
  threadOptions,
  unknownPolicyOptions,
  unknownThreadOptions,
} from './policies/options.ts'
import { RETRY_OPTIONS, type RetryOptions, type RetryPolicy, retryPolicy } from './retry-policy.ts'
import { type UnknownOption, unknownOptions } from './unknown-options.ts'

/** As `input`: the handler gets the payload as sent, and bytes it returns are answered under the request's codec. */
export const bytes: unique symbol = Symbol('bytes')

export type InputSpec = StandardSchemaV1 | typeof bytes | undefined
/** What a handler gets: the schema's output, the payload as sent, or as decoded. */
export type InputOf<S extends InputSpec> = S extends typeof bytes
  ? Uint8Array
  : S extends StandardSchemaV1
    ? StandardSchemaV1.InferOutput<S>
    : unknown

/** What a handler may answer: what its `output` schema says, or a stream of it; bytes as they are. Anything where it says nothing. */
export type OutputOf<S extends StandardSchemaV1 | undefined> = S extends StandardSchemaV1
  ? StandardSchemaV1.InferOutput<S> | AsyncIterable<StandardSchemaV1.InferOutput<S>> | Uint8Array
  : unknown

/** A value (sent in the codec of the request; Uint8Array as bytes), nothing, or an async iterable of values: a stream. */
export type Handler<In, Out = unknown> = (input: In, ctx: Context) => Out | Promise<Out>
export type Middleware = (ctx: Context, next: () => Promise<unknown>) => unknown

export interface MessageOptions<S extends InputSpec, O extends StandardSchemaV1 | undefined = undefined> extends PolicyOptions<InputOf<S>> {
  /** 1 to 65535, unique in the system; without one the route is called by name only. */
  opcode?: number
  /** Any Standard Schema, or `bytes`; without one the payload as decoded. */
  input?: S
  /** Any Standard Schema: the type of what the handler answers, for the compiler and for documents. What it answers is not held against it when it runs. */
  output?: O
  /** Beside JSON and MessagePack: `protobuf`, `struct`, or the application's own by `codec`. The codec of a request's frame chooses. */
  codecs?: readonly PayloadCodec[]
  /** Of the handler, and of requests that bring none of their own. ms or '5s'. Default 60 s. */
  timeout?: number | string
  retry?: RetryOptions
  /**
   * `session` (default): one at a time and in order for each session. `{ key }`: for each key within a session, keys side by side; of the payload as decoded, before the schema
   * has seen it. `none`: in any order, side by side.
   */
  order?: 'session' | 'none' | { key: (input: unknown) => string | number | undefined }
  /** Nobody waits for an answer: dialects give none. */
  oneWay?: boolean
  /** Who is refused first when messages wait too long: background, then normal (default), critical last. */
  priority?: Priority
}

/** A route as its service runs it. */
export interface Route {
  readonly name: string
  readonly opcode: number | undefined
  readonly input: InputSpec
  readonly output: StandardSchemaV1 | undefined
  readonly codecs: RouteCodecs
  readonly timeoutMs: number
  readonly retry: RetryPolicy
  readonly order: 'session' | 'key' | 'none'
  /** With order `key`. */
  readonly orderKey: ((input: unknown) => string | number | undefined) | undefined
  readonly oneWay: boolean
  readonly priority: Priority
  readonly policies: Policies
  /** Its places at this worker, where it has less than all. */
  readonly gate: Gate | undefined
  /** Answers for the handler while its breaker is open. */
  readonly fallback: Handler<unknown> | undefined
  /** The first is the outermost. */
  readonly middleware: readonly Middleware[]
  readonly handler: Handler<unknown>
  /** Whose default export is the handler, in threads of its own. */
  readonly threads: { module: URL; options: ThreadOptions } | undefined
  /** Middleware, policies and handler in one. */
  readonly run: Handler<unknown>
  /** A session event's, no message's. */
  readonly event?: true
  /** Where there are some, no service takes it. */
  readonly unknown?: readonly UnknownOption[]
}

export interface RouteBuilder<S extends InputSpec, O extends StandardSchemaV1 | undefined = undefined> {
  /** Wraps the handler; the first added is the outermost. */
  use(middleware: Middleware): RouteBuilder<S, O>
  /** Answers while the route's breaker is open, where its messages would wait otherwise; counted. */
  fallback(answer: Handler<InputOf<S>, OutputOf<O>>): RouteBuilder<S, O>
  handle(handler: Handler<InputOf<S>, OutputOf<O>>): Route
  /** For what burns CPU: the handler is the default export of a module, `(input, ctx: ThreadContext) => value`, and runs in threads of its own. */
  handleInThreads(module: URL, options?: ThreadOptions): Route
}

const MESSAGE_OPTIONS = {
  ...{ opcode: true, input: true, output: true, codecs: true, timeout: true, retry: true, order: true, oneWay: true, priority: true },
  ...POLICY_OPTIONS,
} as const satisfies Record<keyof MessageOptions<undefined>, true>
const DEFAULT_TIMEOUT_MS = 60_000
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/

/** Declares a route. Throws a TypeError that names the option where one is wrong; one that there is not, its service refuses. */
export function message<const S extends InputSpec = undefined, const O extends StandardSchemaV1 | undefined = undefined>(
  name: string,
  options: MessageOptions<S, O> = {},
): RouteBuilder<S, O> {
  if (typeof name !== 'string' || !NAME.test(name))
    throw new TypeError(`route name ${JSON.stringify(name)}: expected 1 to 128 letters, digits, '.', '_' or '-'`)
  asObject(options, `route ${name}: what follows its name`)
  const { opcode, priority } = options
  if (priority !== undefined && !PRIORITIES.includes(priority)) {
    throw new TypeError(`route ${name}: priority is ${JSON.stringify(priority)}: expected one of ${PRIORITIES.join(', ')}`)
  }
  if (opcode !== undefined && !(Number.isInteger(opcode) && opcode >= 1 && opcode <= 0xffff)) {
    throw new TypeError(`route ${name}: opcode is ${opcode}: expected a whole number from 1 to 65535`)
  }
  checkSchema(options.input === bytes ? undefined : options.input, `route ${name}: input`)
  checkSchema(options.output, `route ${name}: output`)
  const route = {
    name,
    opcode,
    input: options.input,
    output: options.output,
    codecs: codecsOf(name, options.codecs),
    timeoutMs: milliseconds(options.timeout ?? DEFAULT_TIMEOUT_MS, `route ${name}: timeout`),
    retry: retryOf(name, options.retry),
    ...orderOf(name, options.order),
    oneWay: options.oneWay ?? false,
    priority: options.priority ?? 'normal',
    policies: policiesOf(name, options),
    gate: undefined,
    fallback: undefined,
    middleware: [],
    threads: undefined,
  } as const
  return builder({ ...route, ...withUnknown(unknownOf(options)) })
}

function unknownOf<S extends InputSpec, O extends StandardSchemaV1 | undefined>(options: MessageOptions<S, O>): UnknownOption[] {
  return [
    ...unknownOptions(options, MESSAGE_OPTIONS),
    ...unknownOptions(options.retry, RETRY_OPTIONS, 'retry'),
    ...unknownOptions(options.order, { key: true }, 'order'),
    ...unknownPolicyOptions(options),
  ]
}

/** What a route says of them, with those it knows of already. */
export const withUnknown = (found: readonly UnknownOption[], { unknown = [] }: Pick<Route, 'unknown'> = {}): Pick<Route, 'unknown'> =>
  found.length + unknown.length === 0 ? {} : { unknown: [...unknown, ...found] }

function retryOf(name: string, options: RetryOptions | undefined): RetryPolicy {
  if (options !== undefined) asObject(options, `route ${name}: retry`)
  return retryPolicy(options, `route ${name}: retry`)
}

function orderOf(name: string, order: MessageOptions<undefined>['order'] = 'session'): Pick<Route, 'order' | 'orderKey'> {
  if (order === 'session' || order === 'none') return { order, orderKey: undefined }
  if (typeof order?.key === 'function') return { order: 'key', orderKey: order.key }
  throw new TypeError(`route ${name}: order is ${JSON.stringify(order)}: expected 'session', 'none' or { key: input => … }`)
}

function checkSchema(schema: unknown, what: string): void {
  if (schema === undefined) return
  const standard = (schema as Partial<StandardSchemaV1> | null)?.['~standard']
  if (typeof standard?.validate !== 'function')
    throw new TypeError(`${what} is no Standard Schema (https://standardschema.dev): it has no '~standard'.validate`)
}

function codecsOf(name: string, own: readonly PayloadCodec[] | undefined): RouteCodecs {
  try {
    return new RouteCodecs(own)
  } catch (error) {
    throw new TypeError(`route ${name}: ${(error as Error).message}`)
  }
}

/** A worker runs it in its threads (policies/policed.ts). */
const notHere: Handler<unknown> = () => {
  throw new Error('this handler runs in threads, which nobody has begun')
}

function builder<S extends InputSpec, O extends StandardSchemaV1 | undefined>(route: Omit<Route, 'handler' | 'run'>): RouteBuilder<S, O> {
  return {
    use(middleware) {
      asFunction(middleware, `route ${route.name}: its middleware`)
      return builder({ ...route, middleware: [...route.middleware, middleware] })
    },
    fallback(answer) {
      if (route.policies.breaker === undefined)
        throw new TypeError(`route ${route.name} has a fallback and no breaker: what would it answer for?`)
      asFunction(answer, `route ${route.name}: its fallback`)
      return builder({ ...route, fallback: answer as Handler<unknown> })
    },
    handle(handler) {
      asFunction(handler, `route ${route.name}: its handler`)
      return { ...route, handler: handler as Handler<unknown>, run: runOf(route.middleware, handler as Handler<unknown>) }
    },
    handleInThreads(module, options = {}) {
      if (!(module instanceof URL))
        throw new TypeError(
          `route ${route.name}: its module is ${JSON.stringify(module)}: expected a URL, as new URL('./scale.ts', import.meta.url)`,
        )
      const threads = { module, options: threadOptions(route.name, options) }
      return { ...route, threads, handler: notHere, run: notHere, ...withUnknown(unknownThreadOptions(options), route) }
    },
  }
}

/** A handler behind its middleware. */
export function runOf(middleware: readonly Middleware[], handler: Handler<unknown>): Handler<unknown> {
  if (middleware.length === 0) return handler
  return async (input, ctx) => {
    const step = async (index: number): Promise<unknown> =>
      index === middleware.length ? handler(input, ctx) : middleware[index](ctx, () => step(index + 1))
    return await step(0)
  }
}
