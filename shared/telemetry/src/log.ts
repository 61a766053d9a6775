import { type Logger as PinoLogger, pino } from 'pino'

/** Structured logger: one JSON object a line on stderr; levels trace to fatal. */
export type Logger = PinoLogger

export interface LoggerOptions {
  /** Written with each line as `process`. */
  name: string
  /** pino's levels or `silent`; default info. */
  level?: string
}

export function createLogger(options: LoggerOptions): Logger {
  return pino(
    {
      name: options.name,
      level: options.level ?? 'info',
      base: { process: options.name, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    pino.destination({ dest: 2, sync: true }),
  )
}

/** For tests and tools that want no lines. */
export const silentLogger: Logger = pino({ level: 'silent' })
