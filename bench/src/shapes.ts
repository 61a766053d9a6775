/** A load: so many connections, each with so many requests outstanding at any time. */
export interface Shape {
  name: string
  connections: number
  depth: number
  /** Processes that share the connections. */
  generators: number
}

const shape = (connections: number, depth: number): Shape => ({ name: `${connections} x ${depth}`, connections, depth, generators: 1 })

export const SERIAL = shape(1, 1)
export const BROAD = shape(64, 1)
export const DEEP = shape(64, 16)
export const SHAPES: readonly Shape[] = [SERIAL, BROAD, DEEP]
/** Payload of a request and of its echo, bytes. */
export const PAYLOAD_SIZE = 200
/** Of the demo's route that always fails. */
export const FAIL_OPCODE = 2
/** Of the demo's echo. */
export const ECHO_OPCODE = 1

const SUFFIX = ','

/** The same load from several processes: where it brings much more, one generator was the limit. */
export const byGenerators = (each: Shape, generators: number): Shape => ({
  ...each,
  generators,
  name: `${each.name}${SUFFIX} ${generators} generators`,
})

/** Of such a shape's name, that of the same load from one. */
export const oneGeneratorName = (name: string): string => name.split(SUFFIX)[0]
