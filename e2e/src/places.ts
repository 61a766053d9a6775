import { type TestContext, test } from 'node:test'
import { backendTest } from '@causeway/test-backends'

/** Where an installation keeps its messages. */
export type Place = { readonly kind: 'embedded' } | RealPlace

export interface RealPlace {
  readonly kind: 'real'
  /** `host:port` of a broker. */
  readonly kafka: string
  /** `host:port` of a Redis. */
  readonly redis: string
}

export type Suite = (context: TestContext, place: Place) => Promise<void>

/** The same suite twice: in one process on its own data folder, and on real Kafka and Redis where they are to be had. */
export function everywhere(name: string, suite: Suite): void {
  test(`${name} (embedded)`, context => suite(context, { kind: 'embedded' }))
  onRealBackends(`${name} (Kafka and Redis)`, suite)
}

/** What takes several processes needs Kafka and Redis: the embedded mode is one process. */
export function onRealBackends(name: string, suite: (context: TestContext, place: RealPlace) => Promise<void>): void {
  backendTest(name, { kafka: true, redis: true }, (context, { kafka, redis }) => suite(context, { kind: 'real', kafka, redis }))
}
