/** What a header dialect is made of: a table, not a program. docs/protocol.md, section 8. */

/** How a field's number is written; big-endian unless the field says little. */
export type FieldType = 'u8' | 'u16' | 'u32' | 'i32'

/** One field of a header. */
export interface DialectField {
  /** Named by `framing.field`, `operation`, `correlation` and `checksum.field` of the table. */
  readonly name: string
  /** Bytes from the start of the frame. */
  readonly offset: number
  readonly type: FieldType
  /** Least significant byte first. Default false. */
  readonly little?: boolean
  /** The value every frame has here; another is refused. */
  readonly constant?: number
  /** What a request is sent with where nobody says otherwise. Default 0. */
  readonly default?: number
}

/** A length field tells where the frame ends. */
export interface LengthFraming {
  readonly by: 'length'
  /** The name of the length field. */
  readonly field: string
  /** What it counts: the payload, the bytes after the field itself, or the whole frame. */
  readonly counts: 'payload' | 'rest' | 'frame'
  /** The largest value allowed, below the listener's maxPayload where that is larger. */
  readonly maximum?: number
}

/** Every frame has the same size, header and checksum included. */
export interface FixedFraming {
  readonly by: 'fixed'
  readonly size: number
}

/** A delimiter ends the frame; inside it, the escape byte makes the next byte plain. */
export interface DelimiterFraming {
  readonly by: 'delimiter'
  readonly delimiter: number
  readonly escape?: number
  /** A byte that is dropped right before the delimiter, as CR before LF. */
  readonly ignore?: number
}

/** A frame's size: bytes, or where a byte stands that counts what comes on top of `plus` bytes. */
export type SizeRule = number | { readonly at: number; readonly plus: number }

/** The operation tells the whole size of its frame. One that is not listed ends where the checksum first fits, as a frame of it can't be measured. */
export interface OperationFraming {
  readonly by: 'operation'
  readonly sizes: Readonly<Record<number, SizeRule>>
  /** Bytes a frame may have. */
  readonly maximum: number
}

/** How frames are cut out of the stream. */
export type DialectFraming = LengthFraming | FixedFraming | DelimiterFraming | OperationFraming

/** A checksum: in a field of the header, or behind the payload. */
export interface DialectChecksum {
  readonly algorithm: 'crc8' | 'crc16-modbus' | 'crc32'
  /** The field it stands in; absent: it ends the frame. */
  readonly field?: string
  /** Of a checksum that ends the frame. Default false. */
  readonly little?: boolean
  /** The bytes before it (default), or all bytes of the frame but its own. */
  readonly covers?: 'before' | 'others'
  /** First byte that is covered, from the start of the frame. Default 0. */
  readonly from?: number
  /** What a wrong one does: end the connection (default), or be answered with the error form. */
  readonly onMismatch?: 'close' | 'refuse'
}

/** What frames are cut and sealed by. */
export interface LayoutTable {
  readonly name: string
  readonly headerSize: number
  readonly fields: readonly DialectField[]
  readonly framing: DialectFraming
  readonly checksum?: DialectChecksum
  /** The field that says which operation is asked for. */
  readonly operation?: string
}

/** Three control frames before the first message: SYN with the client's number c; SYN-ACK with the server's number s and c + 1 as u32 payload; ACK with s + 1. */
export interface HandshakeTable extends LayoutTable {
  readonly operation: string
  /** The field of the number. */
  readonly number: string
  /** Operations of the three. */
  readonly syn: number
  readonly synAck: number
  readonly ack: number
  /** The byte of a frame, and its value there, that tell a repeated ACK from a message. */
  readonly repeated: { readonly at: number; readonly value: number }
}

/** A dialect. */
export interface DialectTable extends LayoutTable {
  /** One line for the reference page. */
  readonly title: string
  /** The field an answer is matched by, or two of them; absent: answers come in the order asked. */
  readonly correlation?: string | readonly [string, string]
  /** Added to an operation, makes the opcode of its route. Default 0. */
  readonly opcodeBase?: number
  /** The operation a request has where nobody says otherwise. Default 1. */
  readonly request?: number
  /** The operation of an answer; absent: that of its question. */
  readonly answer?: number
  /** The operation of an answer that is a problem; absent: the problem's JSON is the body of an ordinary answer. */
  readonly error?: number
  /** The operation of a heartbeat, answered in kind. */
  readonly heartbeat?: number
  /** Bare bytes that are a heartbeat too, and what answers them; in ASCII. */
  readonly bareHeartbeat?: { readonly question: string; readonly answer: string }
  /** A message whose field has this value goes to all: nobody waits for an answer. */
  readonly broadcast?: { readonly field: string; readonly value: number }
  /** So many correlation values are remembered: one of them that comes again with the same bytes is answered again, not handled again. Default 0. */
  readonly repeats?: number
  /** Payloads are Modbus PDUs without their function, JSON for the handler; failures are Modbus exceptions. Names the field of the unit. */
  readonly modbus?: { readonly unit: string }
  readonly handshake?: HandshakeTable
  /** Whether a port shared with other dialects may tell this one by its constant first bytes. Default false. */
  readonly shared?: boolean
}
