import { readFileSync } from 'node:fs'

const LOCK = new URL('../../package-lock.json', import.meta.url)

/** The version of an npm package that this repository has installed at its top; throws where it has none. */
export function packageVersion(name: string): string {
  const { packages } = JSON.parse(readFileSync(LOCK, 'utf8')) as { packages: Record<string, { version?: string }> }
  const version = packages[`node_modules/${name}`]?.version
  if (version === undefined) throw new Error(`package-lock.json has no node_modules/${name}: run npm install, or correct the name`)
  return version
}

/** The same of several, by their names. */
export const packageVersions = (...names: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.map(name => [name, packageVersion(name)]))
