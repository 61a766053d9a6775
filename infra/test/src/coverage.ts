import { spawn } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { join, matchesGlob } from 'node:path'
import { fileURLToPath } from 'node:url'
import { LEAST_BRANCHES, LEAST_LINES } from './limits.ts'

/** Folders whose code tests must cover: all that ships and its examples, not what measures or builds it. */
const COVERED = ['shared/*/src', 'gateway/src', 'consumers/src', 'client/src', 'cli/src', 'examples/*/src']

/** Whether a package, by its folder below the root, is among them. */
export const ships = (folder: string): boolean => COVERED.some(pattern => matchesGlob(join(folder, 'src'), pattern))

const NOT_COVERED = ['**/*.test.ts', '**/*.conformance.ts', '**/*.fixture.ts']

/**
 * Prints the coverage table from the V8 coverage files in `folder` and resolves to false if it is below the least.
 * Files that no test loaded count as uncovered; type stripping keeps every character's place, so no source maps are needed.
 */
export async function reportCoverage(root: string, folder: string): Promise<boolean> {
  const withoutCode = globSync(
    COVERED.map(pattern => `${pattern}/**/*.ts`),
    { cwd: root },
  ).filter(file => hasNoCode(readFileSync(join(root, file), 'utf8')))
  const args = [
    fileURLToPath(import.meta.resolve('c8/bin/c8.js')),
    'report',
    `--temp-directory=${folder}`,
    `--reports-dir=${join(root, 'coverage')}`,
    '--reporter=text',
    '--reporter=lcovonly',
    '--all',
    '--check-coverage',
    `--lines=${LEAST_LINES}`,
    `--branches=${LEAST_BRANCHES}`,
    '--functions=0',
    '--statements=0',
    ...COVERED.map(pattern => `--include=${pattern}/**/*.ts`),
    ...[...NOT_COVERED, ...withoutCode].map(pattern => `--exclude=${pattern}`),
  ]
  const child = spawn(process.execPath, args, { cwd: root, stdio: 'inherit' })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', code => resolve(code === 0))
  })
}

/** True for a file of types and comments alone: nothing of it can run, so nothing of it can be covered. */
export function hasNoCode(source: string): boolean {
  const code = stripTypeScriptTypes(source)
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/^\s*\/\/.*$/gm, '')
    .replace(/^\s*export \{\s*\}\s*;?$/gm, '')
  return code.replaceAll(';', '').trim() === ''
}
