/** Where time comes from: the machine, or a test. */
export interface Clock {
  /** Unix ms. */
  now(): number
  every(ms: number, call: () => void): { close(): void }
}

export const machineClock: Clock = {
  now: () => Date.now(),
  every(ms, call) {
    const timer = setInterval(call, ms)
    return { close: () => clearInterval(timer) }
  },
}
