import type { ServiceDefinition } from '@grpc/grpc-js'
import protobuf from 'protobufjs'

export interface Echo {
  payload: Uint8Array
}

/** message Echo { bytes payload = 1; } with the code that protobufjs compiles for it, as its static modules have it. */
const Type = new protobuf.Type('Echo').add(new protobuf.Field('payload', 1, 'bytes'))
const encode = (message: Echo): Buffer => Type.encode(message).finish() as Buffer
const decode = (bytes: Buffer): Echo => Type.decode(bytes) as unknown as Echo

const service = {
  echo: {
    path: '/bench.Echo/Echo',
    requestStream: false,
    responseStream: false,
    requestSerialize: encode,
    requestDeserialize: decode,
    responseSerialize: encode,
    responseDeserialize: decode,
  },
} as const

/** service Echo { rpc Echo(Echo) returns (Echo); } */
export const ECHO_SERVICE = service satisfies ServiceDefinition
