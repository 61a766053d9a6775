import { bytes, message, service } from '@causeway/consumers'

/** Answers who its client is. */
export default service(`who-${process.env.CAUSEWAY_TEST_SERVICE}`, [
  message('who', { opcode: 1, input: bytes }).handle((_payload, ctx) => Buffer.from(ctx.principal)),
])
