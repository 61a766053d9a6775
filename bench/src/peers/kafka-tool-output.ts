import type { TrialResult } from '../trial.ts'

type Figures = Omit<TrialResult, 'cpuSecondsPer1000'>

/** Of ProducerPerformance: its last line sums up. */
export function producerFigures(output: string): Figures {
  const summary = output.trim().split('\n').at(-1)!
  return {
    perSecond: figure(summary, /([\d.]+) records\/sec/),
    p50Ms: figure(summary, /(\d+) ms 50th/),
    p99Ms: figure(summary, /(\d+) ms 99th/),
  }
}

/** Of EndToEndLatency: one message at a time, so its rate is that of the mean time. */
export function endToEndFigures(output: string): Figures {
  return {
    perSecond: 1_000 / figure(output, /Avg latency: ([\d.]+) ms/),
    p50Ms: figure(output, /50th = (\d+)/),
    p99Ms: figure(output, /99th = (\d+)/),
  }
}

function figure(text: string, pattern: RegExp): number {
  const found = pattern.exec(text)?.[1]
  if (found === undefined) throw new Error(`Kafka's tool says nothing like ${pattern}:\n${text}`)
  return Number(found)
}
