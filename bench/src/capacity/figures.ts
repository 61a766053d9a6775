import type { ClosedLoopResult } from '../closed-loop.ts'
import type { Measurement } from '../measure.ts'
import type { Column, Figures } from './study.ts'

export const CPU = 'cpu '

/** Of round trips through a system. */
export function figuresOf({ roundTrips, seconds, p50Ms, p99Ms, cpu, generatorCpuShare }: Measurement): Figures {
  if (roundTrips === 0) throw new Error(`no round trip in ${seconds.toFixed(1)} s: it stood still`)
  const each = Object.entries(cpu).map(([name, used]) => [`${CPU}${name}`, (used * 1_000) / roundTrips] as const)
  return { perSecond: roundTrips / seconds, p50Ms, p99Ms, generatorCpuShare, ...Object.fromEntries(each) }
}

/** `ideal` is what so many places can do whose handlers take so long. */
export const dispatchFigures = (result: ClosedLoopResult, ideal: number): Figures => ({
  ...result,
  ideal,
  ofIdeal: result.perSecond / ideal,
})

export const PER_SECOND: Column = { figure: 'perSecond', name: 'round trips/s', as: 0 }
export const LATENCIES: readonly Column[] = [
  { figure: 'p50Ms', name: 'p50 ms', as: 2 },
  { figure: 'p99Ms', name: 'p99 ms', as: 2 },
]
export const GENERATOR: Column = { figure: 'generatorCpuShare', name: 'generator', as: 'share' }
export const COST: Column = { figure: 'cpu', name: 'CPU s per 1,000', as: 'cpu' }
export const ROUND_TRIPS: readonly Column[] = [PER_SECOND, ...LATENCIES, GENERATOR]
