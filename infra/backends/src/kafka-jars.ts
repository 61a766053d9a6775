import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { BackendUnavailable } from './backend.ts'
import { runCommand } from './command.ts'
import { FETCH_TIMEOUT_MS } from './limits.ts'

/** The broker that tests run on; also the tag of its image and the version in kafka/pom.xml. */
export const KAFKA_VERSION = '4.1.1'

const pom = fileURLToPath(new URL('../kafka/pom.xml', import.meta.url))

/** The folder under the user's cache that keeps what tests download: `$XDG_CACHE_HOME/causeway`, else `~/.cache/causeway`. */
export function cacheDir(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'causeway')
}

/**
 * The folder with a broker's jars, fetched by Maven the first time (about 120 MB). Several processes may ask at once: each
 * fetches into a folder of its own and the first to rename it into place wins, so what is there is always whole.
 * Rejects with BackendUnavailable if Maven is missing or fails.
 */
export async function kafkaJars(): Promise<string> {
  const jars = join(cacheDir(), `kafka-${KAFKA_VERSION}`)
  if (existsSync(jars)) return jars
  await mkdir(cacheDir(), { recursive: true })
  const partial = await mkdtemp(`${jars}.partial-`)
  try {
    const args = ['-q', '-B', '-f', pom, 'dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${partial}`]
    const fetched = await runCommand('mvn', args, FETCH_TIMEOUT_MS)
    if (fetched.code !== 0) {
      throw new BackendUnavailable(
        'Kafka',
        'Maven is needed once to fetch its jars (apt-get install maven).',
        new Error(fetched.output.trim()),
      )
    }
    await renameUnlessThere(partial, jars)
    return jars
  } finally {
    await rm(partial, { recursive: true, force: true })
  }
}

async function renameUnlessThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to)
  } catch (error) {
    if (!existsSync(to)) throw error
  }
}
