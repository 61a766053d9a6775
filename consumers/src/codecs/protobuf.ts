import { Codec } from '@causeway/protocol'
import protobufjs from 'protobufjs'
import type { PayloadCodec } from './payload-codec.ts'

export interface ProtobufOptions {
  /** Path of the .proto file. */
  file: string
  /** Full name of the message that payloads are, with its package. */
  input: string
  /** Of what answers are. Default `input`. */
  output?: string
}

/** As protobuf's own JSON mapping has them, but that bytes stay bytes: enums by name, 64-bit integers as text. */
const CONVERSION = { enums: String, longs: String, defaults: true, arrays: true, objects: true } as const

/** Protobuf by a .proto file. Throws a TypeError where the file or a type in it can't be read. */
export function protobuf({ file, input, output = input }: ProtobufOptions): PayloadCodec {
  let root: protobufjs.Root
  try {
    root = protobufjs.loadSync(file)
  } catch (error) {
    throw new TypeError(`protobuf file ${file}: ${(error as Error).message}`, { cause: error })
  }
  const question = typeOf(root, file, input)
  const answer = typeOf(root, file, output)
  return {
    number: Codec.PROTOBUF,
    name: `Protobuf ${input}`,
    decode(payload) {
      let message: protobufjs.Message
      try {
        message = question.decode(payload)
      } catch (error) {
        throw new Error(`not a ${input}: ${(error as Error).message}`)
      }
      return question.toObject(message, CONVERSION)
    },
    encode(value) {
      const plain = plainOf(answer, value)
      const wrong = answer.verify(plain as Record<string, unknown>)
      if (wrong !== null) throw new Error(`not a ${output}: ${wrong}`)
      return answer.encode(answer.fromObject(plain as Record<string, unknown>)).finish()
    },
  }
}

/** A copy in which enums are numbers and 64-bit integers no texts, as the library's own check wants them; what is neither goes to that check as it is. */
function plainOf(type: protobufjs.Type, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  const plain: Record<string, unknown> = {}
  for (const [name, each] of Object.entries(value)) {
    const field = type.fields[name]?.resolve()
    if (field === undefined || each === undefined) continue
    const one = (given: unknown): unknown => plainField(field, given)
    if (Array.isArray(each)) plain[name] = each.map(one)
    else if (field.map && typeof each === 'object' && each !== null) {
      plain[name] = Object.fromEntries(Object.entries(each).map(([key, given]) => [key, one(given)]))
    } else plain[name] = one(each)
  }
  return plain
}

function plainField({ resolvedType, type }: protobufjs.Field, value: unknown): unknown {
  if (resolvedType instanceof protobufjs.Type) return plainOf(resolvedType, value)
  if (resolvedType instanceof protobufjs.Enum) return resolvedType.values[value as string] ?? value
  const long = /64$/.test(type) && (typeof value === 'bigint' || (typeof value === 'string' && /^-?\d{1,20}$/.test(value)))
  return long ? wordsOf(BigInt(value as string), type.startsWith('u') || type === 'fixed64') : value
}

/** Two 32-bit words, as the library's own long integers are. */
const wordsOf = (value: bigint, unsigned: boolean): object => ({
  low: Number(BigInt.asIntN(32, value)),
  high: Number(BigInt.asIntN(32, value >> 32n)),
  unsigned,
})

function typeOf(root: protobufjs.Root, file: string, name: string): protobufjs.Type {
  try {
    return root.lookupType(name)
  } catch (error) {
    throw new TypeError(`protobuf file ${file} has no message ${name}: expected its full name, with its package`, { cause: error })
  }
}
