import { connect } from 'node:net'
import { PROBE_TIMEOUT_MS } from './limits.ts'

/**
 * One question on a connection of its own: sends `question` and resolves with what came back once `isWhole` accepts it,
 * or with undefined if the server refuses, closes or stays silent for 2 s.
 */
export function ask(port: number, question: Uint8Array, isWhole: (answer: Buffer) => boolean): Promise<Buffer | undefined> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1', () => socket.write(question))
    let answer = Buffer.alloc(0)
    const settle = (result: Buffer | undefined) => {
      socket.destroy()
      resolve(result)
    }
    socket.setTimeout(PROBE_TIMEOUT_MS, () => settle(undefined))
    socket.on('data', chunk => {
      answer = Buffer.concat([answer, chunk])
      if (isWhole(answer)) settle(answer)
    })
    socket.on('error', () => settle(undefined))
    socket.on('close', () => settle(undefined))
  })
}
