import type { SecureContextOptions, Server, TlsOptions } from 'node:tls'
import type { TlsFiles } from '@causeway/config'
import { type Certificates, readCertificates } from './tls-certificates.ts'

/** The certificates of one TLS port and the servers that show them. */
export class TlsPort {
  readonly files: TlsFiles
  readonly #settings: Readonly<Record<keyof TlsFiles, string>>
  readonly #options: TlsOptions
  readonly #servers: Server[] = []
  certificates: Certificates

  /** Throws CertificateError. Clients without a certificate of the CA are let through where `clients` is `anybody`. */
  constructor(files: TlsFiles, clients: 'certified' | 'anybody', settings: Readonly<Record<keyof TlsFiles, string>>) {
    this.files = clients === 'certified' ? files : { cert: files.cert, key: files.key }
    this.#settings = settings
    this.#options = clients === 'certified' ? { requestCert: true, rejectUnauthorized: true } : {}
    this.certificates = readCertificates(this.files, settings)
  }

  /** For a server that is then given to `serve`. */
  options(handshakeTimeout: number): TlsOptions {
    return { ...this.#options, ...this.certificates.secure, handshakeTimeout }
  }

  /** The server shows what is read from now on; connections that stand are left alone. */
  serve(server: Server): void {
    this.#servers.push(server)
  }

  /** Returns whether there was something new. Throws CertificateError, and what was read before stays. */
  renew(): boolean {
    const read = readCertificates(this.files, this.#settings)
    const { cert, key, ca } = this.certificates.secure
    if (read.secure.cert === cert && read.secure.key === key && read.secure.ca === ca) return false
    this.certificates = read
    for (const server of this.#servers) server.setSecureContext(read.secure as SecureContextOptions)
    return true
  }
}
