/** Turns a dialect's table into decode and encode. docs/protocol.md, section 8. */
import type { Problem } from '../errors.ts'
import { problem as problemOf } from '../errors.ts'
import { NO_BYTES, utf8Encode } from '../utf8.ts'
import { checkTable } from './check-table.ts'
import type { Compiled } from './decoder.ts'
import { compiled, TableDecoder } from './decoder.ts'
import type { Dialect, DialectDecoder, DialectDecoderOptions, DialectMessage } from './dialect.ts'
import { FIELD_SIZES, largest, writeNumber } from './field.ts'
import { modbusAnswer } from './modbus-answer.ts'
import { modbusException } from './modbus-exception.ts'
import { MODBUS_EXCEPTION } from './modbus-function.ts'
import { sniffer } from './sniff.ts'
import type { DialectField, DialectTable } from './table.ts'

/** Operation of a request where neither the caller nor the table names one: the demo's echo. */
const DEFAULT_REQUEST = 1

/** The dialect of a table; throws TypeError naming the field of the table that is wrong. */
export function compileDialect(table: DialectTable): Dialect {
  checkTable(table)
  return new TableDialect(table)
}

class TableDialect implements Dialect {
  readonly name: string
  readonly table: DialectTable
  readonly ordered: boolean
  readonly sniff: Dialect['sniff']
  readonly #parts: Compiled

  constructor(table: DialectTable) {
    this.name = table.name
    this.table = table
    this.ordered = table.correlation === undefined
    this.sniff = sniffer(table)
    this.#parts = compiled(table)
  }

  decoder(options: DialectDecoderOptions): DialectDecoder {
    return new TableDecoder(this.#parts, options)
  }

  encodeRequest(init: { operation?: number; correlation?: number; payload: Uint8Array }): Uint8Array {
    const { layout, operation, correlation } = this.#parts
    const frame = layout.frame(layout.fresh, 0, init.payload)
    setNumber(frame, operation, init.operation ?? this.table.request ?? DEFAULT_REQUEST)
    const [first, second] = correlation
    const unit = second === undefined ? 1 : 256 ** FIELD_SIZES[second.type]
    setNumber(frame, first, init.correlation === undefined ? undefined : Math.floor(init.correlation / unit))
    setNumber(frame, second, init.correlation === undefined ? undefined : init.correlation % unit)
    return layout.seal(frame)
  }

  encodeAnswer(question: DialectMessage, payload: Uint8Array): Uint8Array {
    if (this.table.modbus === undefined) return this.#answer(question, payload, this.table.answer)
    const { layout } = this.#parts
    const answer = modbusAnswer(question.operation!, question.bytes, question.at + layout.headerSize, payload)
    return 'exception' in answer ? this.#exception(question, answer.exception) : this.#answer(question, answer.data, undefined)
  }

  encodeError(question: DialectMessage | undefined, problem: Problem): Uint8Array {
    if (question?.silent) return NO_BYTES
    const { error, answer, modbus } = this.table
    if (modbus !== undefined) return question === undefined ? NO_BYTES : this.#exception(question, modbusException(problem.code))
    for (const words of wordings(problem)) {
      try {
        return this.#answer(question, words, error ?? answer)
      } catch (failure) {
        if (!(failure instanceof RangeError)) throw failure
      }
    }
    return NO_BYTES
  }

  encodeReply(message: DialectMessage): Uint8Array {
    if (message.silent) return NO_BYTES
    if (message.refusal !== undefined) return this.encodeError(message, message.refusal)
    if (message.kind === 'handshake') return message.payload
    const { bareHeartbeat } = this.table
    if (message.at === message.end && bareHeartbeat !== undefined) return utf8Encode(bareHeartbeat.answer)
    return this.#answer(message, message.payload, undefined)
  }

  /** A frame that wears the question's header, or a fresh one. */
  #answer(question: DialectMessage | undefined, payload: Uint8Array, operation: number | undefined): Uint8Array {
    const { layout, operation: place } = this.#parts
    const frame = question === undefined ? layout.frame(layout.fresh, 0, payload) : layout.frame(question.bytes, question.at, payload)
    setNumber(frame, place, operation)
    return layout.seal(frame)
  }

  #exception(question: DialectMessage, exception: number): Uint8Array {
    return this.#answer(question, Uint8Array.of(exception), question.operation! | MODBUS_EXCEPTION)
  }
}

/** A problem's JSON, and shorter ones for frames that it doesn't fit. */
function* wordings(problem: Problem): Generator<Uint8Array> {
  yield utf8Encode(JSON.stringify(problem))
  yield utf8Encode(JSON.stringify(problemOf(problem.code)))
  yield utf8Encode(JSON.stringify({ code: problem.code, number: problem.number }))
  yield NO_BYTES
}

/** Sets a number in a frame where there is one to set. */
function setNumber(frame: Uint8Array, field: DialectField | undefined, value: number | undefined): void {
  if (field === undefined || value === undefined) return
  const least = field.type === 'i32' ? -largest(field) - 1 : 0
  if (!Number.isInteger(value) || value < least || value > largest(field)) {
    throw new RangeError(`${field.name} is ${value}, expected an integer from ${least} to ${largest(field)}`)
  }
  writeNumber(frame, 0, field, value)
}
