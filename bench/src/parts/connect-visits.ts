import { decodeError, encodeClose, encodeFrame, encodeSyn, type Frame, FrameDecoder, FrameType, problem } from '@causeway/protocol'
import { upgradeRequest } from '../peers/ws-frames.ts'
import type { Visit } from './connect-loop.ts'
import { newToken } from './connect-token.ts'
import { WebSocketCarrier } from './websocket-carrier.ts'

/** A client's close frame without a code: FIN and opcode 8, masked, no payload (RFC 6455, section 5.5.1). */
const CLOSE_FRAME = Buffer.from([0x88, 0x80, 0, 0, 0, 0])
const EMPTY_LINE = '\r\n\r\n'
/** Of the frames of a handshake, bytes. */
const MAX_PAYLOAD = 4_096

/** A WebSocket that is opened and closed, with nothing said on it. */
export function bareUpgrade(port: number): Visit {
  let answer = ''
  let isOver = false
  return {
    first: upgradeRequest(port),
    get isOver() {
      return isOver
    },
    read(chunk) {
      answer += chunk.toString('latin1')
      if (!answer.includes(EMPTY_LINE)) return undefined
      if (!answer.startsWith('HTTP/1.1 101')) throw new Error('NO_UPGRADE')
      isOver = true
      return CLOSE_FRAME
    },
  }
}

/** A handshake's second half from a client's side: true once the SYN_ACK is there. Throws the code of what refuses it. */
class Greeting {
  readonly syn = encodeSyn({ token: newToken(), client: { name: 'causeway-bench', version: '1' } })
  readonly #decoder = new FrameDecoder({ maxPayload: MAX_PAYLOAD })
  isOver = false

  read(bytes: Uint8Array): boolean {
    const frames: Frame[] = []
    const failure = this.#decoder.push(bytes, frames)
    if (failure !== undefined) throw failure
    for (const { type, payload } of frames) {
      if (type === FrameType.ERROR || type === FrameType.CLOSE) throw new Error(decodeError(payload).code)
      if (type === FrameType.SYN_ACK) this.isOver = true
    }
    return this.isOver
  }
}

const ACK = encodeFrame({ type: FrameType.ACK })

/** A session over TCP: SYN with a token, SYN_ACK, ACK, and CLOSE with it. */
export function overTcp(): Visit {
  const greeting = new Greeting()
  const last = Buffer.concat([ACK, encodeClose(problem('GOING_AWAY'))])
  return {
    first: greeting.syn,
    get isOver() {
      return greeting.isOver
    },
    read: chunk => (greeting.read(chunk) ? last : undefined),
  }
}

/** The same over WebSocket, which is closed by its own close frame. */
export function overWebSocket(port: number): Visit {
  const greeting = new Greeting()
  const carrier = new WebSocketCarrier(port)
  return {
    first: carrier.handshake,
    get isOver() {
      return greeting.isOver
    },
    read(chunk) {
      const wasOpen = carrier.isOpen
      if (greeting.read(carrier.unwrap(chunk))) return Buffer.concat([carrier.wrap(Buffer.from(ACK)), CLOSE_FRAME])
      return carrier.isOpen && !wasOpen ? carrier.wrap(Buffer.from(greeting.syn)) : undefined
    },
  }
}
