/** `length32`: a length and a body. docs/protocol.md, section 8. */
import type { DialectTable } from './table.ts'

/** The listener names the route; answers come in the order asked, a failure as a JSON body. */
export const LENGTH32: DialectTable = {
  name: 'length32',
  title: 'A length of 32 bits, then the body',
  headerSize: 4,
  fields: [{ name: 'length', offset: 0, type: 'u32' }],
  framing: { by: 'length', field: 'length', counts: 'payload' },
}
