import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { Installation } from './installation.ts'

/** Exit status of a wrong configuration (EX_CONFIG of sysexits.h). */
const EX_CONFIG = 78

interface Wrong {
  name: string
  environment: Record<string, string>
  args?: string[]
  /** What stderr must say: the key, the value, what was expected. */
  says: RegExp[]
}

/** Values are all judged at once; what contradicts another is judged once each value is right. */
const WRONG: Wrong[] = [
  {
    name: 'values of another kind or range, by variable, flag and file, and keys that are unknown',
    environment: { CAUSEWAY_WINDOW: 'many', CAUSEWAY_TCP_PROT: '7400', CAUSEWAY_KEEP_ALIVE: 'soon', CAUSEWAY_LISTENERS: '{' },
    args: ['--admin-port', '70000'],
    says: [
      /CAUSEWAY_WINDOW is "many": expected a whole number from 1 to 4096/,
      /CAUSEWAY_TCP_PROT is not known; did you mean CAUSEWAY_TCP_PORT/,
      /CAUSEWAY_KEEP_ALIVE is "soon": expected a duration/,
      /CAUSEWAY_LISTENERS is "\{": expected a JSON list/,
      /--admin-port is "70000": expected a port from 0 .* to 65535/,
      /maxPaylod in .*causeway\.yaml is not known; did you mean maxPayload/,
      /key sendBuffer in .*causeway\.yaml is 1: expected a size/,
    ],
  },
  {
    name: 'addresses that others reach, and Redis without Kafka, without a choice',
    environment: { CAUSEWAY_HOST: '0.0.0.0', CAUSEWAY_ADMIN_HOST: '0.0.0.0', CAUSEWAY_REDIS_URL: 'redis://127.0.0.1:1' },
    says: [
      /CAUSEWAY_HOST is "0\.0\.0\.0".*CAUSEWAY_AUTH/,
      /CAUSEWAY_ADMIN_HOST is "0\.0\.0\.0".*CAUSEWAY_ADMIN_TOKEN/,
      /CAUSEWAY_REDIS_URL is set and CAUSEWAY_KAFKA_BROKERS is not/,
    ],
  },
  {
    name: 'a secret that is too short, which is not shown',
    environment: { CAUSEWAY_AUTH: 'jwt', CAUSEWAY_JWT_SECRET: 'tiny-and-secret' },
    says: [/CAUSEWAY_JWT_SECRET has 15 bytes: expected at least 32/, /^(?![\s\S]*tiny-and-secret)/],
  },
  {
    name: 'a flag that is unknown',
    environment: {},
    args: ['--keep-alive', '30s', '--tcp-prot', '7400'],
    says: [/unknown option '--tcp-prot'/],
  },
  {
    name: 'a dialect that is none',
    environment: { CAUSEWAY_LISTENERS: '[{"port":0,"dialect":"morse","auth":"none"}]' },
    says: [/CAUSEWAY_LISTENERS names the dialect "morse": expected one of .*vmol/],
  },
]

for (const { name, environment, args = [], says } of WRONG) {
  test(`${name}: status 78 before anything listens, and stderr says what was expected`, async () => {
    await using installation = await Installation.make({ kind: 'embedded' })
    // ports that are taken: to have tried to listen before all is judged would end it otherwise
    await using tcp = await takenPort()
    await using http = await takenPort()
    const file = join(installation.folder, 'causeway.yaml')
    await writeFile(file, name.includes('file') ? 'sendBuffer: 1\nmaxPaylod: 1MiB\n' : '')
    const ports = ['--tcp-port', tcp.port, '--http-port', http.port]
    const started = installation.run(['start', ...ports, ...args], { CAUSEWAY_CONFIG: file, ...environment })
    const { code } = await started.ended
    for (const text of says) assert.match(started.stderr, text)
    assert.deepEqual([code, started.stdout], [EX_CONFIG, ''])
  })
}

async function takenPort() {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: String((server.address() as AddressInfo).port),
    [Symbol.asyncDispose]: async () => {
      server.close()
      await once(server, 'close')
    },
  }
}
