// A frame by one codec in one direction, a process of its own: `node frame-codec-run.ts frame encode 500` (ms). Prints a JSON line.
import assert from 'node:assert/strict'
import { runCodec } from '../peers/run-codec.ts'
import { FRAME_CODECS, FRAME_SAMPLE } from './frame-codecs.ts'

const [name, direction, ms] = process.argv.slice(2)
runCodec(FRAME_CODECS[name as keyof typeof FRAME_CODECS], FRAME_SAMPLE, direction, Number(ms), decoded => {
  const { type, flags, codec, opcode, msgId, seq, payload } = decoded as typeof FRAME_SAMPLE
  assert.deepEqual({ type, flags, codec, opcode, msgId, seq, payload: Buffer.from(payload) }, FRAME_SAMPLE, `${name} gives back another`)
})
