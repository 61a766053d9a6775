import type { GCProfilerResult } from 'node:v8'

/** What a process has collected, and used, between two questions. */
export interface Collections {
  seconds: number
  cpuSeconds: number
  /** In which its main thread stood still for collections. */
  collectingSeconds: number
  count: number
  /** Bytes put on the heap: what it has grown by from each collection to the next. Without buffers, which lie outside. */
  allocatedBytes: number
  residentBytes: number
}

type Statistics = Pick<GCProfilerResult, 'statistics'>

/** `usedAtFirst` and `usedAtLast`: the heap when the profile begins and ends, bytes. */
export function collectionsOf(
  { statistics }: Statistics,
  usedAtFirst: number,
  usedAtLast: number,
): Pick<Collections, 'collectingSeconds' | 'count' | 'allocatedBytes'> {
  let used = usedAtFirst
  let [allocatedBytes, collectingUs] = [0, 0]
  for (const { cost, beforeGC, afterGC } of statistics) {
    // it may shrink between two: sweeping goes on behind the main thread
    allocatedBytes += Math.max(0, beforeGC.heapStatistics.usedHeapSize - used)
    used = afterGC.heapStatistics.usedHeapSize
    collectingUs += cost
  }
  allocatedBytes += Math.max(0, usedAtLast - used)
  return { collectingSeconds: collectingUs / 1e6, count: statistics.length, allocatedBytes }
}
