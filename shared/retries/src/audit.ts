/**
 * Port: what operators changed. Two adapters: audit-redis.ts and audit-embedded.ts.
 * An entry is stored when record() resolves, before the change is made: a change that cannot be recorded is not made. The newest
 * AUDIT_ENTRIES are kept, in their order.
 */
export interface AuditEntry {
  /** Unix ms. */
  at: number
  /** Who says to have done it: a name, not a proof. */
  by: string
  /** The address it came from. */
  from: string
  action: string
  reason: string
  /** What it was about, JSON-safe. */
  details: Record<string, unknown>
}

export interface AuditLog {
  record(entry: AuditEntry): Promise<void>
  /** Newest first. */
  list(limit: number): Promise<AuditEntry[]>
}
