export type { Logger, LoggerOptions } from './log.ts'
export { createLogger, silentLogger } from './log.ts'
export { Metrics } from './metrics.ts'
export { Durations, Rate } from './rates.ts'
