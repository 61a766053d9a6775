import { readFileSync } from 'node:fs'
import { parse as parseYaml } from 'yaml'
import { ConfigError } from './config-error.ts'

/** A central document out of a YAML or JSON file, not checked yet; `-` reads standard input. Throws ConfigError where it can't be read. */
export function readDocument(path: string): unknown {
  try {
    return parseYaml(readFileSync(path === '-' ? 0 : path, 'utf8')) ?? {}
  } catch (error) {
    throw new ConfigError([`file ${path}: ${(error as Error).message}`])
  }
}
