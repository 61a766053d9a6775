// The load generator of the account: Causeway's own, which also keeps when its requests and their answers pass.
import { generate } from '../generate.ts'
import { GeneratorConnection } from '../generator-connection.ts'
import { ECHO_OPCODE } from '../shapes.ts'
import { recorder } from './recorder.ts'

await generate(async options => {
  const connection = new GeneratorConnection({
    ...options,
    opcode: ECHO_OPCODE,
    passed: (session, msgId, sentAt, tookMs) => {
      // an earlier one was not seen by the others from its begin
      if (!recorder.isOn || sentAt < recorder.begunAt) return
      recorder.passed(tookMs)
      if (!recorder.wants(session, msgId)) return
      recorder.saw('sent', session, msgId, sentAt + recorder.offset)
      recorder.saw('received', session, msgId, sentAt + tookMs + recorder.offset)
    },
  })
  await connection.opened
  return connection
})
