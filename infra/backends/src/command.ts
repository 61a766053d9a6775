import { spawn } from 'node:child_process'

/** What a finished command left. */
export interface CommandResult {
  /** Exit code; -1 if the command isn't there, or was ended by the time limit. */
  code: number
  /** stdout and stderr, in the order they came. */
  output: string
}

/** Runs a command to its end, with its output collected and no stdin. Never rejects: a command that is not there is code -1. */
export function runCommand(command: string, args: string[], timeoutMs: number): Promise<CommandResult> {
  return new Promise(resolve => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    // spawn's own timeout outlives a command that was never found
    const limit = setTimeout(() => child.kill('SIGKILL'), timeoutMs)
    let output = ''
    const collect = (chunk: Buffer) => {
      output += chunk
    }
    child.stdout.on('data', collect)
    child.stderr.on('data', collect)
    const settle = (result: CommandResult) => {
      clearTimeout(limit)
      resolve(result)
    }
    child.once('error', error => settle({ code: -1, output: String(error) }))
    child.once('close', code => settle({ code: code ?? -1, output }))
  })
}
