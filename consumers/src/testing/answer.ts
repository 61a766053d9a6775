import { Codec, decodeFrame, type ErrorName, Flag, FrameType } from '@causeway/protocol'

/** Why a message of a test failed, as its client would be told. */
export class AnswerError extends Error {
  override readonly name = 'AnswerError'
  /** Of the protocol's registry (docs/errors). */
  readonly code: ErrorName
  readonly detail: string

  constructor(code: ErrorName, detail: string) {
    super(detail === '' ? code : `${code}: ${detail}`)
    this.code = code
    this.detail = detail
  }
}

/** What a delivery says. */
export type Answer = { kind: 'value'; value: unknown; more: boolean; empty: boolean } | { kind: 'error'; error: AnswerError }

export function readAnswer(bytes: Uint8Array): Answer {
  const { type, flags, codec, payload } = decodeFrame(bytes)
  if (type === FrameType.ERROR) {
    const { code, detail = '' } = JSON.parse(Buffer.from(payload).toString()) as { code: ErrorName; detail?: string }
    return { kind: 'error', error: new AnswerError(code, detail) }
  }
  return { kind: 'value', value: readValue(codec, payload), more: (flags & Flag.MORE) !== 0, empty: payload.length === 0 }
}

/** JSON as its value, nothing as undefined, anything else as its bytes. */
export function readValue(codec: number, payload: Uint8Array): unknown {
  if (payload.length === 0) return undefined
  return codec === Codec.JSON ? JSON.parse(Buffer.from(payload).toString()) : payload
}
