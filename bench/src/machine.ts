import { connect } from 'node:net'
import { availableParallelism, cpus, release, totalmem, type } from 'node:os'
import { KAFKA_VERSION } from '@causeway/test-backends'

/** What a figure was measured on. */
export interface Machine {
  cores: number
  processor: string
  memoryGiB: number
  system: string
  node: string
  kafka?: string
  redis?: string
}

/** `redis` is the address of the one measured; without it, in the embedded mode, versions of the backends are left out. */
export async function machine(redis: string | undefined): Promise<Machine> {
  const here = {
    cores: availableParallelism(),
    processor: cpus()[0]?.model ?? 'unknown processor',
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
    node: process.versions.node,
  }
  return redis === undefined ? here : { ...here, kafka: KAFKA_VERSION, redis: await redisVersion(redis) }
}

/** As the server itself tells it. */
async function redisVersion(address: string): Promise<string> {
  const [host, port] = address.split(':')
  const socket = connect({ host, port: Number(port) }, () => socket.write('INFO server\r\nQUIT\r\n'))
  let told = ''
  for await (const chunk of socket) told += chunk
  return /redis_version:(\S+)/.exec(told)?.[1] ?? 'unknown'
}
