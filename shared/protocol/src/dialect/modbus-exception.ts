/** What a failure is in Modbus. docs/protocol.md, section 8. */
import type { ErrorName } from '../errors.ts'

/** Exception codes of MODBUS Application Protocol V1.1b3, section 7. */
const ILLEGAL_FUNCTION = 1
const ILLEGAL_ADDRESS = 2
const ILLEGAL_VALUE = 3
const DEVICE_FAILURE = 4
const DEVICE_BUSY = 6
const TARGET_SILENT = 11

const EXCEPTIONS: Partial<Record<ErrorName, number>> = {
  NO_ROUTE: ILLEGAL_FUNCTION,
  UNAUTHENTICATED: ILLEGAL_FUNCTION,
  FORBIDDEN: ILLEGAL_FUNCTION,
  // the handler said no to an address that it doesn't have
  REJECTED: ILLEGAL_ADDRESS,
  BAD_PAYLOAD: ILLEGAL_VALUE,
  TOO_LARGE: ILLEGAL_VALUE,
  OVERLOADED: DEVICE_BUSY,
  RATE_LIMITED: DEVICE_BUSY,
  GOING_AWAY: DEVICE_BUSY,
  TIMEOUT: TARGET_SILENT,
  BACKEND_UNAVAILABLE: TARGET_SILENT,
}

/** The exception that tells of a failure; what has none of its own is a failure of the device. */
export function modbusException(code: ErrorName): number {
  return EXCEPTIONS[code] ?? DEVICE_FAILURE
}
