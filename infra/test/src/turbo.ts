import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

/** A package that has tests to run. */
export interface TestedPackage {
  name: string
  /** Its folder, relative to the root. */
  directory: string
}

/** What a call of turbo needs. */
export interface TurboCall {
  root: string
  /** Further arguments, as `turbo run` takes them. */
  args: string[]
  environment: NodeJS.ProcessEnv
  /** Aborting it asks turbo to end; the call still resolves when it has. */
  signal: AbortSignal
}

/** The packages whose `test` script `turbo run test` would run with these arguments. */
export async function testedPackages(call: TurboCall): Promise<TestedPackage[]> {
  const turbo = start(call, ['--dry=json'], 'pipe')
  const [plan, code] = await Promise.all([text(turbo.stdout!), exitCode(turbo)])
  if (code !== 0) throw new Error(`turbo can't plan the test run (exit code ${code}):\n${plan}`)
  const { tasks } = JSON.parse(plan) as { tasks: { package: string; directory: string; task: string; command: string }[] }
  return tasks
    .filter(({ task, command }) => task === 'test' && command !== '<NONEXISTENT>')
    .map(task => ({ name: task.package, directory: task.directory }))
}

/** Runs the packages' tests, whatever fails among them, and resolves to turbo's exit code. */
export function runTests(call: TurboCall): Promise<number> {
  return exitCode(start(call, ['--continue=always'], 'inherit'))
}

function start({ root, args, environment, signal }: TurboCall, more: string[], stdout: 'inherit' | 'pipe') {
  const child = spawn(join(root, 'node_modules', '.bin', 'turbo'), ['run', 'test', ...args, ...more], {
    cwd: root,
    stdio: ['ignore', stdout, 'inherit'],
    env: environment,
  })
  signal.addEventListener('abort', () => child.kill('SIGTERM'))
  return child
}

function exitCode(child: ReturnType<typeof start>): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', code => resolve(code ?? 1))
  })
}
