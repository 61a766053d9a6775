#!/usr/bin/env node
// In the repository the sources run as they are; in an installed package the build does.
import { existsSync } from 'node:fs'
import { registerHooks } from 'node:module'

if (Number(process.versions.node.split('.')[0]) < 24) {
  process.stderr.write(`causeway needs Node 24, this is ${process.version}: run it by npx or npm, which find the pinned one\n`)
  process.exit(78)
}
const source = new URL('../src/main.ts', import.meta.url)
if (existsSync(source)) {
  registerHooks({ resolve: (specifier, context, next) => next(specifier, { ...context, conditions: ['source', ...context.conditions] }) })
  await import(source.href)
} else await import(new URL('../dist/main.js', import.meta.url).href)
