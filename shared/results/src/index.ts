export type { Claim, Results } from './results.ts'
export { checkResult, RESULT_BYTES, ResultsFull } from './results.ts'
