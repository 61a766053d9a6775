import { writeFileSync } from 'node:fs'
import { configurationReference } from './reference.ts'

/** `npm run docs`: writes docs/configuration.md. */
writeFileSync(new URL('../../../docs/configuration.md', import.meta.url), configurationReference())
