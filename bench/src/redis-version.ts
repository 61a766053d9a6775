import { connect } from 'node:net'

/** Of the server at this `host:port`, as it tells it itself. */
export async function redisVersion(address: string): Promise<string> {
  const [host, port] = address.split(':')
  const socket = connect({ host, port: Number(port) }, () => socket.write('INFO server\r\nQUIT\r\n'))
  let told = ''
  for await (const chunk of socket) told += chunk
  return /redis_version:(\S+)/.exec(told)?.[1] ?? 'unknown'
}
