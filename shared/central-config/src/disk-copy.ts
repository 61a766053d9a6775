import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { documentFaults } from '@causeway/config'
import type { Logger } from '@causeway/telemetry'
import type { Version } from './versions.ts'

export interface DiskCopyOptions {
  folder: string
  /** What the process is: two of a machine may share the folder. */
  role: string
  /** The installation; the copy of another one is not used. */
  topic: string
  logger: Logger
}

/** The last version that this process worked by, for a start without the log. */
export class DiskCopy {
  readonly #options: DiskCopyOptions
  readonly #path: string
  #writing: Promise<void> = Promise.resolve()
  #told = false

  constructor(options: DiskCopyOptions) {
    this.#options = options
    this.#path = join(options.folder, `central-config.${options.role}.json`)
  }

  /** undefined where there is none that can be used. */
  async read(): Promise<Version | undefined> {
    const { topic, logger } = this.#options
    try {
      const { topic: from, ...version } = JSON.parse(await readFile(this.#path, 'utf8')) as Version & { topic: string }
      const usable = from === topic && Number.isSafeInteger(version.version) && documentFaults(version.document).length === 0
      if (!usable) logger.warn({ file: this.#path, from, topic }, 'this copy of the central configuration can not be used here')
      return usable ? version : undefined
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      if (code !== 'ENOENT') logger.warn({ file: this.#path, error: message }, 'the copy of the central configuration can not be read')
      return undefined
    }
  }

  /** Written beside and put in its place, so that it is whole whenever the process ends; resolves, and never rejects, once it is there or can't be. */
  write(version: Version): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write(version))
    return this.#writing
  }

  /** Resolves once nothing is being written. */
  written(): Promise<void> {
    return this.#writing
  }

  async #write(version: Version): Promise<void> {
    const { folder, topic, logger } = this.#options
    const beside = `${this.#path}.${process.pid}`
    try {
      await mkdir(folder, { recursive: true })
      await writeFile(beside, JSON.stringify({ topic, ...version }), { mode: 0o600, flush: true })
      await rename(beside, this.#path)
    } catch (error) {
      if (this.#told) return
      this.#told = true
      logger.warn({ file: this.#path, error: (error as Error).message }, 'no copy of the central configuration can be kept on disk')
    }
  }
}
