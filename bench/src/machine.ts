import { availableParallelism, cpus, release, totalmem, type } from 'node:os'

/** What a figure was measured on. */
export interface Machine {
  cores: number
  processor: string
  memoryGiB: number
  system: string
  node: string
}

export const machine = (): Machine => ({
  cores: availableParallelism(),
  processor: cpus()[0]?.model ?? 'unknown processor',
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  system: `${type()} ${release()}`,
  node: process.versions.node,
})
