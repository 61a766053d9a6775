import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import type { TlsFiles } from '@causeway/config'

/** A certificate with its key and, where clients are asked for theirs, the CA that signs them: as PEM, read and found to belong together. */
export interface Certificates {
  readonly secure: SecureContextOptions
  /** Whom it names, for operators. */
  readonly subject: string
  /** Unix ms. */
  readonly expiresAt: number
}

/** A file that can't be used; the message names its setting, its path and what was expected. */
export class CertificateError extends Error {}

const BLOCK = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g

/** Reads the files; throws CertificateError. `settings` are their names in the configuration. */
export function readCertificates(files: TlsFiles, settings: Readonly<Record<keyof TlsFiles, string>>): Certificates {
  const read = <T>(file: keyof TlsFiles, expected: string, parse: (pem: string) => T): { pem: string; parsed: T } => {
    try {
      const pem = readFileSync(files[file]!, 'utf8')
      return { pem, parsed: parse(pem) }
    } catch (cause) {
      const { message } = cause as Error
      throw new CertificateError(`${settings[file]} is ${JSON.stringify(files[file])}: ${message}; expected ${expected}`, { cause })
    }
  }
  const { pem: cert, parsed: certificate } = read(
    'cert',
    'a PEM file of a certificate, its chain behind it',
    pem => new X509Certificate(pem),
  )
  const { pem: key, parsed: privateKey } = read('key', 'a PEM file of a private key, without a passphrase', pem => createPrivateKey(pem))
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new CertificateError(`${settings.key} is ${JSON.stringify(files.key)}, which is not the key of ${JSON.stringify(files.cert)}`)
  }
  const ca = files.ca === undefined ? undefined : read('ca', 'a PEM file of one or more CA certificates', checkAuthorities).pem
  const secure: SecureContextOptions = { cert, key, ca, minVersion: 'TLSv1.2' }
  try {
    createSecureContext(secure)
  } catch (cause) {
    throw new CertificateError(`${settings.cert} is ${JSON.stringify(files.cert)}: ${(cause as Error).message}`, { cause })
  }
  return { secure, subject: certificate.subject, expiresAt: certificate.validToDate.getTime() }
}

function checkAuthorities(pem: string): void {
  const blocks = pem.match(BLOCK) ?? []
  if (blocks.length === 0) throw new Error('no certificate in it')
  for (const block of blocks) new X509Certificate(block)
}
