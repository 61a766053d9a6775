import { unwatchFile, watchFile } from 'node:fs'
import { asksForCertificate, type Config, ConfigError, type ListenerConfig, speaksTls, type TlsFiles } from '@causeway/config'
import type { Logger } from '@causeway/telemetry'
import { CERTIFICATE_LOOK_MS, CERTIFICATE_WARN_MS } from '../limits.ts'
import { CertificateError } from './tls-certificates.ts'
import { TlsPort } from './tls-port.ts'

/** A port as the configuration wants it. */
interface WantedPort {
  /** Without one it is the shared ports'. */
  listener?: ListenerConfig
  files: TlsFiles
  clients: 'certified' | 'anybody'
  settings: Readonly<Record<keyof TlsFiles, string>>
}

const SHARED_SETTINGS = { cert: 'CAUSEWAY_TLS_CERT', key: 'CAUSEWAY_TLS_KEY', ca: 'CAUSEWAY_TLS_CA' }

function wantedPorts({ tlsCert, tlsKey, tlsCa, listeners }: Config): WantedPort[] {
  const wanted: WantedPort[] = []
  const shared = tlsCert === undefined || tlsKey === undefined ? undefined : { cert: tlsCert, key: tlsKey, ca: tlsCa }
  if (shared !== undefined)
    wanted.push({ files: shared, clients: tlsCa === undefined ? 'anybody' : 'certified', settings: SHARED_SETTINGS })
  for (const [index, listener] of listeners.entries()) {
    if (!speaksTls(listener)) continue
    const clients = asksForCertificate(listener.auth) ? 'certified' : 'anybody'
    // the configuration has been checked: without files of its own there are the shared ones
    if (listener.tls === undefined || listener.tls === true) wanted.push({ listener, files: shared!, clients, settings: SHARED_SETTINGS })
    else wanted.push({ listener, files: listener.tls, clients, settings: ownSettings(`CAUSEWAY_LISTENERS[${index}].tls`) })
  }
  return wanted
}

const ownSettings = (prefix: string): WantedPort['settings'] => ({ cert: `${prefix}.cert`, key: `${prefix}.key`, ca: `${prefix}.ca` })

/** Reads the certificates of every port; throws ConfigError with each file that can't be used. The shared ports' have no listener. */
export function readTlsPorts(config: Config): Map<ListenerConfig | undefined, TlsPort> {
  const ports = new Map<ListenerConfig | undefined, TlsPort>()
  const problems = new Set<string>()
  for (const { listener, files, clients, settings } of wantedPorts(config)) {
    try {
      ports.set(listener, new TlsPort(files, clients, settings))
    } catch (error) {
      if (!(error instanceof CertificateError)) throw error
      problems.add(error.message)
    }
  }
  if (problems.size > 0) throw new ConfigError([...problems])
  return ports
}

/** All TLS ports of a gateway. Their files are read again when they change, and when told. */
export class TlsPorts {
  readonly #logger: Logger
  #ports: ReadonlyMap<ListenerConfig | undefined, TlsPort>
  #watched = false
  readonly #changed = (): void => this.renew()

  /** Throws ConfigError. */
  constructor(config: Config, logger: Logger) {
    this.#logger = logger
    this.#ports = readTlsPorts(config)
    for (const port of this.#ports.values()) this.#tell(port, 'TLS is served with this certificate')
  }

  /** Reads the certificates of listeners that are new; the others keep theirs. Throws ConfigError, with nothing changed. */
  prepare(config: Config): { of(listener: ListenerConfig): TlsPort | undefined; commit(): void } {
    const ports = new Map([...readTlsPorts(config)].map(([listener, port]) => [listener, this.#ports.get(listener) ?? port]))
    return {
      of: listener => ports.get(listener),
      commit: () => {
        const watched = this.#watched
        this.close()
        for (const [listener, port] of ports) if (!this.#ports.has(listener)) this.#tell(port, 'TLS is served with this certificate')
        this.#ports = ports
        if (watched) this.watch()
      },
    }
  }

  /** Of the shared ports where there is a certificate. */
  get shared(): TlsPort | undefined {
    return this.#ports.get(undefined)
  }

  of(listener: ListenerConfig): TlsPort | undefined {
    return this.#ports.get(listener)
  }

  /** Unix ms at which the first of them expires; undefined where there is none. */
  get expiresAt(): number | undefined {
    const ends = [...this.#ports.values()].map(({ certificates }) => certificates.expiresAt)
    return ends.length === 0 ? undefined : Math.min(...ends)
  }

  /** Looks at the files from time to time, links followed: who renews a certificate often puts another one in its place. */
  watch(): void {
    this.#watched = true
    for (const path of this.#paths()) watchFile(path, { interval: CERTIFICATE_LOOK_MS, persistent: false }, this.#changed)
  }

  close(): void {
    this.#watched = false
    for (const path of this.#paths()) unwatchFile(path, this.#changed)
  }

  #paths(): Set<string> {
    return new Set([...this.#ports.values()].flatMap(({ files }) => Object.values(files).filter(path => path !== undefined)))
  }

  /** Reads all files again. One that can't be used, or does not belong to its neighbour yet, changes nothing. */
  renew(): void {
    for (const port of this.#ports.values()) {
      try {
        if (port.renew()) this.#tell(port, 'a renewed certificate is served to new connections')
      } catch (error) {
        if (!(error instanceof CertificateError)) throw error
        this.#logger.error({ error: error.message }, 'a certificate could not be read again; the former one stays')
      }
    }
  }

  #tell({ certificates: { subject, expiresAt }, files }: TlsPort, what: string): void {
    const line = { file: files.cert, subject, expires: new Date(expiresAt).toISOString() }
    if (expiresAt - Date.now() < CERTIFICATE_WARN_MS) this.#logger.warn(line, `${what}, which expires soon or has expired`)
    else this.#logger.info(line, what)
  }
}
