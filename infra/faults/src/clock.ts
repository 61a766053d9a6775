/** Microseconds on the machine's monotonic clock: one for all its processes, and no clock jump moves it. */
export function micros(): number {
  const [seconds, nanos] = process.hrtime()
  return seconds * 1e6 + Math.floor(nanos / 1e3)
}
