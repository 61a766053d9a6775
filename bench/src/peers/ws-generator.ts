// Load for the WebSocket echo, in frames that are made once: masking each would make the generator the limit.
import { generate } from '../generate.ts'
import { openPipelined } from '../pipelined-connection.ts'
import { clientFrame, serverFrameEnd, upgradeRequest } from './ws-frames.ts'

await generate(options =>
  openPipelined(options, {
    handshake: upgradeRequest(options.port),
    request: clientFrame(Buffer.alloc(options.size, 'a')),
    answerEnd: (bytes, at) => serverFrameEnd(bytes, at, options.size),
  }),
)
