export type { Claim, Results } from './results.ts'
export { RESULT_BYTES, ResultsFull } from './results.ts'
