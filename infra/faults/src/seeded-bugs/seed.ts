import { fileURLToPath } from 'node:url'

/** Names the bug that a process carries. */
export const BUG = 'FAULTS_BUG'

/** What node needs to carry a bug; nothing where there is none. */
export const seededBugArguments = (bug: string | undefined): string[] =>
  bug === undefined ? [] : ['--import', fileURLToPath(new URL('./hook.ts', import.meta.url))]

export const seededBugEnvironment = (bug: string | undefined): NodeJS.ProcessEnv => (bug === undefined ? {} : { [BUG]: bug })
