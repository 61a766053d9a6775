import { connect } from 'node:net'

/** Fields of one section of INFO of the server at this `host:port`, by name. */
export async function redisInfo(address: string, section: 'server' | 'memory' | 'stats'): Promise<Readonly<Record<string, string>>> {
  const [host, port] = address.split(':')
  const socket = connect({ host, port: Number(port) }, () => socket.write(`INFO ${section}\r\nQUIT\r\n`))
  let told = ''
  for await (const chunk of socket) told += chunk
  return Object.fromEntries([...told.matchAll(/^(\w+):(.*?)\r?$/gm)].map(([, name, value]) => [name, value]))
}
