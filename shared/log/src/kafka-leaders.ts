import type { Admin } from 'kafkajs'
import type { Leaders } from './kafka-appender.ts'
import { METADATA_REFRESH_MS } from './kafka-limits.ts'

/** Leaders of partitions, read through the admin connection: at first use, after a failed flight, and every 30 s. */
export class KafkaLeaders implements Leaders {
  readonly #admin: Admin
  readonly #leaders = new Map<string, number[]>()
  readonly #timer: NodeJS.Timeout

  constructor(admin: Admin) {
    this.#admin = admin
    this.#timer = setInterval(() => void this.refresh([...this.#leaders.keys()]).catch(() => undefined), METADATA_REFRESH_MS).unref()
  }

  leaderOf(topic: string, partition: number): number | undefined {
    const leader = this.#leaders.get(topic)?.[partition]
    return leader === undefined || leader < 0 ? undefined : leader
  }

  async refresh(topics: readonly string[]): Promise<void> {
    if (topics.length === 0) return
    const metadata = await this.#admin.fetchTopicMetadata({ topics: [...topics] })
    for (const { name, partitions } of metadata.topics) {
      const leaders: number[] = []
      for (const partition of partitions) leaders[partition.partitionId] = partition.leader
      this.#leaders.set(name, leaders)
    }
  }

  close(): void {
    clearInterval(this.#timer)
  }
}
