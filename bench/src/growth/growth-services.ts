// What the worker serves while growth is measured: an echo, and handlers that wait, 16 at a time.
import { waiting } from '../waiting.ts'

/** Places of the service whose handlers don't wait. */
export const ECHO_PLACES = 256
/** Of the one whose handlers do. */
export const FEW_PLACES = 16

export default [waiting(ECHO_PLACES), waiting(FEW_PLACES)]
