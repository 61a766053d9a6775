import { isDeepStrictEqual } from 'node:util'
import type { Logger } from '@causeway/telemetry'
import type { StandardSchemaV1 } from '@standard-schema/spec'

/** Called after a key has changed; undefined where it is not set, or was not. What it throws is logged. */
export type ConfigListener = (value: unknown, before: unknown) => void

/** Of a service: what its keys have to look like, and who hears of them. */
export interface ConfiguredService {
  readonly config: StandardSchemaV1 | undefined
  readonly configListeners: readonly { key: string; listener: ConfigListener }[]
}

type Values = Readonly<Record<string, unknown>>

const NONE: Values = {}

/** A service's own keys of the central configuration, in one worker. */
export class ServiceConfig {
  readonly #logger: Logger
  #service: ConfiguredService
  /** Keys whose value is of another kind than the handler's default; each is told once a version. */
  readonly #told = new Set<string>()
  #values: Values = NONE

  constructor(service: ConfiguredService, logger: Logger) {
    this.#service = service
    this.#logger = logger
  }

  /** Other code of the service takes over, with the values as they stand. */
  reload(service: ConfiguredService): void {
    this.#service = service
  }

  /** The value of a key; the default where it has none, or one of another kind and no schema has looked at it. */
  get<T>(key: string, otherwise: T): T {
    const value = Object.hasOwn(this.#values, key) ? this.#values[key] : undefined
    if (value === undefined) return otherwise
    if (this.#service.config !== undefined || otherwise === undefined || otherwise === null || kindOf(value) === kindOf(otherwise))
      return value as T
    if (!this.#told.has(key)) {
      this.#told.add(key)
      this.#logger.warn(
        { key, kind: kindOf(value), expected: kindOf(otherwise) },
        'a configured value is of another kind than its default, which is used; declare a schema (service options: config) to have it refused',
      )
    }
    return otherwise
  }

  /** Throws where the service's schema refuses the values; returns what takes them. */
  async prepare(given: Values | undefined): Promise<() => void> {
    const values = await this.#checked(given)
    return () => this.#take(values)
  }

  #take(values: Values): void {
    const before = this.#values
    this.#values = values
    this.#told.clear()
    for (const { key, listener } of this.#service.configListeners) {
      if (!isDeepStrictEqual(values[key], before[key])) this.#tell(key, listener, values[key], before[key])
    }
  }

  /** As its schema makes of them. One that demands keys which nobody has set yet is no reason to refuse anything. */
  async #checked(given: Values | undefined): Promise<Values> {
    const { config: schema } = this.#service
    if (schema === undefined) return given ?? NONE
    const result = await schema['~standard'].validate(given ?? {})
    if (result.issues === undefined) return result.value as Values
    if (given === undefined) return NONE
    const details = result.issues.map(({ path = [], message }) => {
      const at = path.map(part => String(typeof part === 'object' ? part.key : part)).join('/')
      return `config${at === '' ? '' : `/${at}`}: ${message}`
    })
    throw new Error(details.join('; '))
  }

  #tell(key: string, listener: ConfigListener, value: unknown, before: unknown): void {
    try {
      listener(value, before)
    } catch (error) {
      this.#logger.error({ key, error: (error as Error).message }, 'a listener of a configured key failed')
    }
  }
}

const kindOf = (value: unknown): string => (Array.isArray(value) ? 'list' : typeof value)
