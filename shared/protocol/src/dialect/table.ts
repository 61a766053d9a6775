/** What a header dialect is made of: a table, not a program. docs/protocol.md, section 8. */

/** How many bytes a field has. */
export type FieldSize = 1 | 2 | 4

/** One field of a header. */
export interface DialectField {
  /** Named by `framing.length`, `operation`, `correlation` and `checksum.field` of the table. */
  readonly name: string
  /** Bytes from the start of the frame. */
  readonly offset: number
  readonly size: FieldSize
  /** Read as two's complement: a set first bit is a negative number. Default false. */
  readonly signed?: boolean
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

/** How frames are cut out of the stream. */
export type DialectFraming = LengthFraming | FixedFraming | DelimiterFraming

/** A checksum at the end of the frame, over all bytes before it. */
export interface DialectChecksum {
  readonly algorithm: 'crc8' | 'crc16-modbus' | 'crc32'
  /** Default false. */
  readonly little?: boolean
}

/** A dialect. */
export interface DialectTable {
  readonly name: string
  /** One line for the reference page. */
  readonly title: string
  readonly headerSize: number
  readonly fields: readonly DialectField[]
  readonly framing: DialectFraming
  readonly checksum?: DialectChecksum
  /** The field that says which operation is asked for. */
  readonly operation?: string
  /** The field an answer is matched by; absent: answers come in the order asked. */
  readonly correlation?: string
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
  /** Whether a port shared with other dialects may tell this one by its constant first bytes. */
  readonly shared: boolean
}
