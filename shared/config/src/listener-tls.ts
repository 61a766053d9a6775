import { isTable } from './kinds.ts'

/** Paths of PEM files: a certificate with its chain, its private key, and where clients are asked for theirs, the CA that signs them. */
export interface TlsFiles {
  readonly cert: string
  readonly key: string
  readonly ca?: string
}

const TLS = 'true (the files of CAUSEWAY_TLS_CERT, _KEY and _CA) or {"cert", "key", "ca"} with paths of PEM files'

/** What is wrong with a listener's `tls`, a line for each, behind its name. */
export function tlsFaults(raw: unknown): string[] {
  if (raw === true) return []
  if (!isTable(raw)) return [` is ${JSON.stringify(raw)}: expected ${TLS}`]
  const unknown = Object.keys(raw).filter(key => !['cert', 'key', 'ca'].includes(key))
  const wrong = ['cert', 'key', 'ca'].filter(
    key => (key !== 'ca' || raw.ca !== undefined) && (typeof raw[key] !== 'string' || raw[key] === ''),
  )
  return [
    ...unknown.map(key => `.${key} is not known: expected cert, key, ca`),
    ...wrong.map(key => `.${key} is ${JSON.stringify(raw[key]) ?? 'absent'}: expected the path of a PEM file`),
  ]
}
