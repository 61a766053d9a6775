import type { Redis } from 'ioredis'
import type { AuditEntry, AuditLog } from './audit.ts'
import { auditKey } from './dead-letters-keys.ts'
import { AUDIT_ENTRIES } from './dead-letters-limits.ts'

/** The audit log as one capped stream. */
export class RedisAuditLog implements AuditLog {
  readonly #redis: Redis
  readonly #key: string

  constructor(redis: Redis, prefix: string) {
    this.#redis = redis
    this.#key = auditKey(prefix)
  }

  async record(entry: AuditEntry): Promise<void> {
    await this.#redis.xadd(this.#key, 'MAXLEN', '~', AUDIT_ENTRIES, '*', 'e', JSON.stringify(entry))
  }

  async list(limit: number): Promise<AuditEntry[]> {
    const rows = await this.#redis.xrevrange(this.#key, '+', '-', 'COUNT', limit)
    return rows.map(([, [, entry]]) => JSON.parse(entry) as AuditEntry)
  }
}
