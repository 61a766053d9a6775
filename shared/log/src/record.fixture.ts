import fc from 'fast-check'
import type { LogRecord } from './log.ts'

const textOf = fc.oneof(fc.string({ unit: 'binary', maxLength: 40 }), fc.string({ unit: 'grapheme', maxLength: 200 }))
/** Any record, of texts of any kind. */
export const recordOf: fc.Arbitrary<LogRecord> = fc.record({
  topic: fc.constantFrom('orders', 'orders.größe'),
  partition: fc.nat({ max: 3 }),
  key: textOf,
  value: fc.uint8Array({ maxLength: 300 }),
  header: textOf,
  traceparent: fc.option(textOf, { nil: undefined }),
  contentType: fc.option(textOf, { nil: undefined }),
  headers: fc.option(
    fc.dictionary(
      fc.string({ minLength: 1, maxLength: 9 }).map(name => `x-${name}`),
      textOf,
      { maxKeys: 3 },
    ),
    { nil: undefined },
  ),
  tombstone: fc.option(fc.boolean(), { nil: undefined }),
  deadline: fc.constant(0),
  resent: fc.boolean(),
})
