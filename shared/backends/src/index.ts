export type { Backends } from './backends.ts'
export { openBackends } from './backends.ts'
export { within } from './within.ts'
