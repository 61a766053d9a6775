import type { ListenerConfig } from '@causeway/config'
import type { Dialect, DialectMessage } from '@causeway/protocol'
import { until } from '@causeway/testing'
import { type FakeGateway, FakeTransport, fakeGateway, jsonOf, textOf } from '../gateway.fixture.ts'
import { DialectConnection } from './dialect-connection.ts'

/** A device that speaks a dialect, and what it has been told. */
export class Device {
  readonly transport = new FakeTransport()
  readonly connection: DialectConnection
  readonly #dialect: Dialect

  constructor(gateway: FakeGateway, dialect: Dialect, options?: Partial<ListenerConfig>) {
    this.#dialect = dialect
    const listener = options === undefined ? undefined : { port: 7412, dialect: dialect.name, auth: 'none' as const, ...options }
    this.connection = new DialectConnection(gateway.context, this.transport, dialect, listener)
  }

  /** Questions of one read, each an operation, a payload and where the dialect has one a correlation. */
  ask(...questions: [operation: number, payload: string, correlation?: number][]): void {
    const decoder = this.#dialect.decoder({ maxPayload: 1_024 })
    const messages: DialectMessage[] = []
    for (const [operation, payload, correlation] of questions)
      decoder.push(this.#dialect.encodeRequest({ operation, correlation, payload: Buffer.from(payload) }), messages)
    this.connection.received(messages, undefined)
  }

  /** Bytes of one read, in hex. */
  send(hex: string): void {
    const messages: DialectMessage[] = []
    this.connection.received(
      messages,
      this.#dialect.decoder({ maxPayload: 1_024 }).push(Buffer.from(hex.replaceAll(' ', ''), 'hex'), messages),
    )
  }

  get hex(): string {
    return this.transport.bytes.toString('hex')
  }

  get told(): DialectMessage[] {
    const messages: DialectMessage[] = []
    this.#dialect.decoder({ maxPayload: 1 << 20 }).push(this.transport.bytes, messages)
    return messages
  }

  /** Payloads, and of failures the code. */
  get answers(): string[] {
    return this.told.map(({ operation, payload }) =>
      operation === this.#dialect.table.error ? jsonOf<{ code: string }>(payload).code : textOf(payload),
    )
  }
}

export async function device(dialect: Dialect, settings = {}, options?: Partial<ListenerConfig>) {
  const gateway = fakeGateway(settings)
  const speaker = new Device(gateway, dialect, options)
  await until(() => gateway.host.held.size === 1)
  return { gateway, speaker, records: gateway.appender.records }
}
