// One codec in one direction, a process of its own: `node codec-run.ts json encode 500` (ms). Prints a JSON line.
import assert from 'node:assert/strict'
import { SAMPLE } from './codec.ts'
import { CODECS, type CodecName } from './codecs.ts'
import { runCodec } from './run-codec.ts'

const [name, direction, ms] = process.argv.slice(2)
runCodec(CODECS[name as CodecName], SAMPLE, direction, Number(ms), decoded => {
  assert.deepEqual(JSON.parse(JSON.stringify(decoded)), SAMPLE, `${name} doesn't give back what it was given`)
})
