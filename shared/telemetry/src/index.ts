export type { Logger, LoggerOptions } from './log.ts'
export { createLogger, silentLogger } from './log.ts'
