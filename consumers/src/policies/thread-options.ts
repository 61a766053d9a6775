export interface ThreadOptions {
  /** Threads of the route in each worker, begun when they are needed. Default: one less than the machine's cores, at least one. */
  max?: number
}

/** Throws a TypeError that names the option where it is wrong. */
export function threadOptions(route: string, options: ThreadOptions): ThreadOptions {
  const { max } = options
  if (max !== undefined && (!Number.isInteger(max) || max < 1))
    throw new TypeError(`route ${route}: threads.max is ${max}: expected a whole number from 1`)
  return options
}
