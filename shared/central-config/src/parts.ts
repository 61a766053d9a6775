import { within } from '@causeway/backends'
import type { ConfigDocument, ConfigKey } from '@causeway/config'
import { PARTS, PREPARE_MS, REASON_CHARACTERS } from './limits.ts'

/** A version made ready by one part of a process. */
export interface Prepared {
  /** Puts it to work; must not fail. */
  commit(): void
  /** Another part refused it. */
  abandon?(): void
}

/** What works by the configuration: a gateway's settings, its listeners, the worker of a service. */
export interface ConfigPart {
  /** The process it belongs to, as the registry names it. */
  readonly owner: string
  /** Keys that this process's own flags or variables keep from the document; told to operators. */
  readonly overridden?: () => readonly ConfigKey[]
  /** Makes everything ready for a document, with nothing changed yet. Throws, or rejects, where it can't work by it: with the reason, for people. */
  prepare(document: ConfigDocument): Prepared | Promise<Prepared>
}

/** Why a process does not work by a version. */
export interface Refusal {
  version: number
  reason: string
  /** The part's owner. */
  owner: string
}

/** The parts of a process: they change together, or not at all. */
export class Parts {
  readonly #parts = new Set<ConfigPart>()

  /** Without duplicates. */
  get owners(): string[] {
    return [...new Set([...this.#parts].map(({ owner }) => owner))]
  }

  overridden(owner: string): ConfigKey[] {
    return [...new Set([...this.#parts].filter(part => part.owner === owner).flatMap(part => part.overridden?.() ?? []))]
  }

  add(part: ConfigPart): void {
    if (this.#parts.size >= PARTS) throw new Error(`a process has at most ${PARTS} parts that are configured`)
    this.#parts.add(part)
  }

  delete(part: ConfigPart): void {
    this.#parts.delete(part)
  }

  /** Has all parts (or one alone) work by a document. Resolves with who refused it and why; then all is as before. */
  async apply(document: ConfigDocument, only?: ConfigPart): Promise<Omit<Refusal, 'version'> | undefined> {
    const prepared: Prepared[] = []
    for (const part of only === undefined ? [...this.#parts] : [only]) {
      try {
        prepared.push(await inTime(part.prepare(document)))
      } catch (error) {
        for (const ready of prepared) ready.abandon?.()
        return { owner: part.owner, reason: (error as Error).message.slice(0, REASON_CHARACTERS) }
      }
    }
    for (const ready of prepared) ready.commit()
    return undefined
  }
}

/** What comes too late is given up, whatever it comes to. */
async function inTime(preparing: Prepared | Promise<Prepared>): Promise<Prepared> {
  let isLate = false
  const watched = Promise.resolve(preparing).then(ready => {
    if (isLate) ready.abandon?.()
    return ready
  })
  return await within(PREPARE_MS, watched, () => {
    isLate = true
    return new Error(`it did not say within ${PREPARE_MS} ms whether it can work by this version`)
  })
}
