// Load for the bare echo.
import { generate } from '../generate.ts'
import { openPipelined } from '../pipelined-connection.ts'
import { LENGTH_SIZE, lengthFrame, lengthFrameEnd } from './length-frames.ts'

await generate(options =>
  openPipelined(options, {
    request: lengthFrame(Buffer.alloc(options.size, 'a')),
    answerEnd(bytes, at) {
      const end = lengthFrameEnd(bytes, at)
      if (end >= 0 && end - at !== LENGTH_SIZE + options.size) throw new Error('WRONG_LENGTH')
      return end
    },
  }),
)
