import type { ConfigDocument } from '@causeway/config'
import { type Change, keyOf } from './change.ts'
import { VERSIONS, VERSIONS_BYTES } from './limits.ts'

/** A version of the configuration. */
export interface Version extends Omit<Change, 'id' | 'base'> {
  id: string
}

/** What became of a proposal: the next version; too late, another one came before; known already. */
export type Verdict = 'accepted' | 'stale' | 'repeat'

const NONE: Version = { id: '', version: 0, document: {}, by: '', reason: '', at: 0 }

interface Kept {
  about: Omit<Version, 'document'>
  /** JSON: a thousand documents as objects would take several times as much. */
  text: string
}

/**
 * The versions that a log's proposals come to, in its order: each reader comes to the same, without any lock. A proposal is accepted where its base is the
 * present version. One whose base is above it is accepted as well: what lies between was accepted by whoever proposed it, and compaction has taken it away,
 * or put its later copy behind.
 */
export class Versions {
  readonly #kept = new Map<number, Kept>()
  #bytes = 0
  #latest: Version = NONE

  /** The present one; version 0 with an empty document before the first. */
  get latest(): Version {
    return this.#latest
  }

  take(change: Change): Verdict {
    const { id, version, base } = change
    if (this.#kept.get(version)?.about.id === id) return 'repeat'
    if (base < this.#latest.version) return 'stale'
    const { document, by, reason, at } = change
    const text = JSON.stringify(document)
    this.#latest = { id, version, document, by, reason, at }
    this.#kept.set(version, { about: { id, version, by, reason, at }, text })
    this.#bytes += text.length
    return 'accepted'
  }

  /** A key that was taken away from the log. */
  removed(key: string): void {
    const version = Number.parseInt(key, 10)
    const kept = this.#kept.get(version)
    if (kept === undefined || keyOf(kept.about) !== key || version === this.#latest.version) return
    this.#bytes -= kept.text.length
    this.#kept.delete(version)
  }

  /** Keys of the oldest versions beyond what is kept. */
  surplus(): string[] {
    const keys: string[] = []
    let [count, bytes] = [this.#kept.size, this.#bytes]
    for (const { about, text } of this.#kept.values()) {
      if ((count <= VERSIONS && bytes <= VERSIONS_BYTES) || about.version === this.#latest.version) break
      keys.push(keyOf(about))
      count--
      bytes -= text.length
    }
    return keys
  }

  /** Newest first, those below `before`, at most `limit`. */
  history(before: number, limit: number): Omit<Version, 'document' | 'id'>[] {
    const listed = [...this.#kept.values()].reverse().filter(({ about }) => about.version < before)
    return listed.slice(0, limit).map(({ about: { id: _, ...about } }) => about)
  }

  /** undefined where it is not kept, or never was. */
  document(version: number): ConfigDocument | undefined {
    if (version === 0) return NONE.document
    const kept = this.#kept.get(version)
    return kept && (JSON.parse(kept.text) as ConfigDocument)
  }
}
