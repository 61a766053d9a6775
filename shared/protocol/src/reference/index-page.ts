/** docs/dialects/README.md: the dialects that ship, and how to write one. */
import type { Dialect } from '../dialect/dialect.ts'

const VECTORS = `## Vectors

shared/protocol/vectors/NAME.json holds bytes for an implementation in any language to check itself against: a list of rows, bytes in hex and fields as numbers. Payloads have at most 1,024 bytes, and the gateway's first number in a handshake is 5000.

| key | what it is |
|-|-|
| \`meaning\` | what the row shows |
| \`opening\` | what the client has sent before, where there is a handshake |
| \`hex\` | what it sends |
| \`messages\` | what is read of it: \`kind\` (request, heartbeat, handshake, refused), the header's \`fields\`, the \`payload\` in hex or of Modbus its \`json\` |
| \`messages[].answer\` | of a request: an answer's \`payload\`, and the frame it becomes |
| \`messages[].refusal\` | the frame that says NO_ROUTE instead |
| \`messages[].reply\` | of anything else: what the gateway says to it, nothing where it is empty |
| \`ends\` | the error that ends the connection, and the last bytes it is told |`

const OWN = `## A dialect of your own

A table in the configuration file (\`CAUSEWAY_CONFIG\`) under \`dialects\`, by name, and a listener that names it. It works as one that ships; what is wrong in it is named before anything listens.

    dialects:
      tracker:
        title: A vehicle tracker
        headerSize: 6
        fields:
          - { name: start, offset: 0, type: u16, constant: 0x7878 }
          - { name: length, offset: 2, type: u8 }
          - { name: kind, offset: 3, type: u8 }
          - { name: serial, offset: 4, type: u16 }
        framing: { by: length, field: length, counts: rest }
        checksum: { algorithm: crc16-modbus, from: 2 }
        operation: kind
        correlation: serial
        heartbeat: 0x13
        error: 0xFF
    listeners:
      - { port: 7420, dialect: tracker, auth: { allow: [10.20.0.0/16] }, routes: { 1: telemetry.report }, codec: 1 }

A listener's \`auth\` is \`none\`, addresses (\`allow\`), a first frame (\`firstFrame\`) or certificates (\`mtls\`): [operations.md](../operations.md), *Who may connect*.

| key | what it is |
|-|-|
| \`headerSize\` | bytes before the payload |
| \`fields\` | each \`name\`, \`offset\`, \`type\` (u8, u16, u32, i32), and where wanted \`little\`, \`constant\`, \`default\`; bytes that no field covers are sent back as they came |
| \`framing\` | \`{by: length, field, counts, maximum}\` with counts payload, rest (behind the field) or frame; \`{by: fixed, size}\`; \`{by: delimiter, delimiter, escape, ignore}\`; \`{by: operation, sizes: {1: 8, 16: {at: 6, plus: 9}}, maximum}\` |
| \`checksum\` | \`algorithm\` (crc8, crc16-modbus, crc32), at the end of the frame (\`little\`) or in a \`field\`; \`covers\` before (default) or others; \`from\` the first byte covered; \`onMismatch\` close (default) or refuse |
| \`operation\` | the field that says what is asked; without it the listener names one \`route\` |
| \`opcodeBase\` | added to an operation, makes the opcode of its route |
| \`correlation\` | the field, or list of two, that an answer is matched by; without it answers come in order |
| \`request\`, \`answer\`, \`error\`, \`heartbeat\` | operations of a request (for tools), of answers, of failures, of heartbeats |
| \`bareHeartbeat\` | \`{question, answer}\`: bytes without a header |
| \`broadcast\` | \`{field, value}\`: a message that nobody answers |
| \`repeats\` | how many correlation values are remembered |
| \`modbus\` | \`{unit}\`: payloads are Modbus PDUs |
| \`handshake\` | three control frames first, as in [mc1-handshake](mc1-handshake.md) |

Its page and vectors, and as many hostile inputs as wanted, from the table as JSON (\`{"tracker": {…}}\`):

    node --conditions=source shared/protocol/src/reference/write.ts --tables tracker.json --out .
    npm run fuzz -- --tables tracker.json --target tracker --inputs 1000000`

/** The page. */
export function dialectIndex(dialects: readonly Dialect[]): string {
  const rows = dialects.map(({ name, table, ordered }) => {
    const matched = ordered ? 'order' : [table.correlation ?? []].flat().join(' and ')
    return `| [${name}](${name}.md) | ${table.title} | ${matched} | ${table.shared ? 'the shared port, or one of its own' : 'a port of its own'} |`
  })
  return [
    '# Header dialects',
    'Made from the tables in shared/protocol/src/dialect (`npm run docs`). What holds for all of them is in [protocol.md](../protocol.md), section 8.',
    `| dialect | header | answers are matched by | spoken on |\n|-|-|-|-|\n${rows.join('\n')}`,
    VECTORS,
    `${OWN}\n`,
  ].join('\n\n')
}
