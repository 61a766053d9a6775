import type { RunningGateway } from './installation.ts'

/** A sample of the gateway's /metrics, the first with this name and, where given, this label; NaN where there is none. */
export const metric = (gateway: RunningGateway, name: string, label = ''): Promise<number> =>
  metricAt(`${gateway.operators}metrics`, name, label)

/** The same of any process's metrics. */
export async function metricAt(url: string, name: string, label = ''): Promise<number> {
  const text = await (await fetch(url)).text()
  return Number(new RegExp(`^${name}(?:\\{[^}]*${label}[^}]*\\})? (\\S+)`, 'm').exec(text)?.[1] ?? Number.NaN)
}

/** Resident memory, bytes; NaN on systems that don't tell. */
export const memoryOf = (gateway: RunningGateway): Promise<number> => metric(gateway, 'process_resident_memory_bytes')
