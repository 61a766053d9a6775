import { fileURLToPath } from 'node:url'

/** A certificate and its key, paths of PEM files. */
export interface CertificateFiles {
  readonly cert: string
  readonly key: string
}

const path = (name: string): string => fileURLToPath(new URL(`../certificates/${name}`, import.meta.url))
const filesOf = (name: string): CertificateFiles => ({ cert: path(`${name}.pem`), key: path(`${name}.key`) })

/** Certificates for tests alone, made by certificates/make.sh: `ca` signed all but `stranger`, which calls itself what `meter` is called. */
export const CERTIFICATES = {
  ca: path('ca.pem'),
  /** Of `stranger`. */
  foreignCa: path('foreign-ca.pem'),
  /** Of localhost, 127.0.0.1, ::1 and gateway.test. */
  gateway: filesOf('gateway'),
  gatewayRenewed: filesOf('gateway-renewed'),
  /** A client's, CN meter-7. */
  meter: filesOf('meter'),
  /** A client's without a common name: its first alternative name is spiffe://causeway.test/meter/8. */
  namelessMeter: filesOf('nameless-meter'),
  stranger: filesOf('stranger'),
} as const
