import { availableParallelism, cpus, totalmem } from 'node:os'
import { KAFKA_VERSION } from '@causeway/test-backends'

/** Where and with what a run was made, in one line of the page. */
export function machineLine(seed: number): string {
  const [cpu] = cpus()
  const gigabytes = Math.round(totalmem() / 2 ** 30)
  const day = new Date().toISOString().slice(0, 10)
  return `Seed ${seed}, ${day}: ${availableParallelism()} cores (${cpu?.model.trim() ?? 'unknown'}), ${gigabytes} GiB, Node ${process.version}, Kafka ${KAFKA_VERSION}.`
}
