// Causeway's load generator: sessions in raw version-2 frames.
import { generate } from './generate.ts'
import { GeneratorConnection } from './generator-connection.ts'
import { ECHO_OPCODE } from './shapes.ts'

await generate(async ({ own, ...options }) => {
  const connection = new GeneratorConnection({ ...options, ...own, opcode: own?.opcode ?? ECHO_OPCODE })
  await connection.opened
  return connection
})
