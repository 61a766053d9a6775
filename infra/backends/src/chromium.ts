import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/** Path of a Chromium for browser tests: `CAUSEWAY_TEST_CHROMIUM` if set, else the first one on PATH; undefined if there is none. */
export function chromiumPath(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const named = environment.CAUSEWAY_TEST_CHROMIUM
  if (named) return named
  const folders = (environment.PATH ?? '').split(delimiter).filter(folder => folder !== '')
  return folders.flatMap(folder => NAMES.map(name => join(folder, name))).find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
