/** A load: so many sessions, each with so many requests outstanding at any time. */
export interface Shape {
  name: string
  connections: number
  depth: number
}

const shape = (connections: number, depth: number): Shape => ({ name: `${connections} x ${depth}`, connections, depth })

export const SHAPES: readonly Shape[] = [shape(1, 1), shape(64, 1), shape(64, 16)]
/** Payload of a request and of its echo, bytes. */
export const PAYLOAD_SIZE = 200
/** Of the demo's echo. */
export const ECHO_OPCODE = 1
