import type { TlsCredentials } from './options.ts'

/** As Node's TLS takes them: bytes as a Buffer. */
export function nodeCredentials({ ca, cert, key, servername }: TlsCredentials): {
  ca?: string | Buffer
  cert?: string | Buffer
  key?: string | Buffer
  servername?: string
} {
  const pem = (value: string | Uint8Array | undefined): string | Buffer | undefined =>
    value === undefined || typeof value === 'string' ? value : Buffer.from(value)
  return { ca: pem(ca), cert: pem(cert), key: pem(key), ...(servername !== undefined && { servername }) }
}
