export { openBackends } from './backends.ts'
export type { Backends } from './ports.ts'
export { within } from './within.ts'
