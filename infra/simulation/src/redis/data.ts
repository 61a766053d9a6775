/** What lies under a key. Texts hold one byte a character. */
export type Stored =
  | { kind: 'string'; value: string }
  | { kind: 'hash'; fields: Map<string, string> }
  | { kind: 'zset'; scores: Map<string, number> }
  | { kind: 'stream'; entries: { id: number; fields: string[] }[]; last: number }

type Kind = Stored['kind']

/** An error reply of Redis; its first word is its kind. */
export class RedisReplyError extends Error {
  override readonly name = 'ReplyError'
}

const FRESH: { [K in Kind]: () => Extract<Stored, { kind: K }> } = {
  string: () => ({ kind: 'string', value: '' }),
  hash: () => ({ kind: 'hash', fields: new Map() }),
  zset: () => ({ kind: 'zset', scores: new Map() }),
  stream: () => ({ kind: 'stream', entries: [], last: 0 }),
}

/** All keys of a simulated Redis. */
export class RedisData {
  readonly #keys = new Map<string, Stored>()

  has(key: string): boolean {
    return this.#keys.has(key)
  }

  /** Undefined where there is none; throws as Redis does where it is of another kind. */
  read<K extends Kind>(kind: K, key: string): Extract<Stored, { kind: K }> | undefined {
    const stored = this.#keys.get(key)
    if (stored === undefined) return undefined
    if (stored.kind !== kind) throw new RedisReplyError('WRONGTYPE Operation against a key holding the wrong kind of value')
    return stored as Extract<Stored, { kind: K }>
  }

  /** The same, made where it is missing. */
  write<K extends Kind>(kind: K, key: string): Extract<Stored, { kind: K }> {
    const stored = this.read(kind, key)
    if (stored !== undefined) return stored
    const fresh = FRESH[kind]()
    this.#keys.set(key, fresh)
    return fresh
  }

  remove(key: string): boolean {
    return this.#keys.delete(key)
  }

  /** A hash or set without members is no key any more. */
  removeEmpty(key: string): void {
    const stored = this.#keys.get(key)
    if ((stored?.kind === 'hash' && stored.fields.size === 0) || (stored?.kind === 'zset' && stored.scores.size === 0))
      this.#keys.delete(key)
  }

  keys(): IterableIterator<string> {
    return this.#keys.keys()
  }

  copy(): RedisData {
    const copy = new RedisData()
    for (const [key, stored] of this.#keys) copy.#keys.set(key, structuredClone(stored))
    return copy
  }
}

/** Members by score and then by bytes, as Redis orders them. */
export function byScore(scores: ReadonlyMap<string, number>): [member: string, score: number][] {
  return [...scores].sort(([a, x], [b, y]) => x - y || (a < b ? -1 : a > b ? 1 : 0))
}
