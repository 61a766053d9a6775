// What V8's sampling profiler tells (Chrome DevTools Protocol, domain Profiler), as far as it is read here.

/** A function as the profiler names it. */
export interface CallFrame {
  functionName: string
  /** `file:` URL, `node:` module, or nothing for what is not JavaScript. */
  url: string
  /** Of the function, from 0. */
  lineNumber: number
}

/** A place in the tree of calls. */
export interface ProfileNode {
  id: number
  callFrame: CallFrame
  children?: readonly number[]
}

export interface Profile {
  nodes: readonly ProfileNode[]
  /** The node that ran at each sample. */
  samples: readonly number[]
  /** Before each sample, since the one before it, µs. */
  timeDeltas: readonly number[]
}

/** Names that the profiler gives to what is no function. */
export const IDLE = '(idle)'
export const PROGRAM = '(program)'
export const GARBAGE = '(garbage collector)'

/** How long each node itself ran, by its id, µs: until the next sample; the last one counts nothing. */
export function selfTimes({ samples, timeDeltas }: Profile): Map<number, number> {
  const times = new Map<number, number>()
  for (let index = 0; index + 1 < samples.length; index++) {
    // the profiler sorts its samples late: a step back is none
    const lasted = Math.max(0, timeDeltas[index + 1])
    times.set(samples[index], (times.get(samples[index]) ?? 0) + lasted)
  }
  return times
}
