/** `lines`: a line of text is a message, for people with a terminal. docs/protocol.md, section 8. */
import type { DialectTable } from './table.ts'

/** The listener names the route; answers come in the order asked, a failure as a line of JSON. */
export const LINES: DialectTable = {
  name: 'lines',
  title: 'Lines of text that end in LF; a CR before it is ignored',
  headerSize: 0,
  fields: [],
  framing: { by: 'delimiter', delimiter: 0x0a, ignore: 0x0d },
}
