import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { runCommand } from './command.ts'
import { COMMAND_TIMEOUT_MS, FETCH_TIMEOUT_MS } from './limits.ts'

/** True if a Docker engine answers here. */
export async function dockerAnswers(): Promise<boolean> {
  return (await runCommand('docker', ['version', '--format', '{{.Server.Version}}'], COMMAND_TIMEOUT_MS)).code === 0
}

/** A container to run in the foreground, as a child process of ours. */
export interface Container {
  image: string
  /** Port on 127.0.0.1 of this machine, and the one it leads to in the container. */
  port: number
  containerPort: number
  /** Further options of `docker run`. */
  options: string[]
  /** What to run in it; empty: the image's own command. */
  command: string[]
}

/** How to start and signal a container, as parts of a ServerPlan. */
export interface ContainerRun {
  command: string
  args: string[]
  signal(signal: NodeJS.Signals): Promise<void>
}

/** Makes sure of the image and says how to run it; the container goes when it ends. */
export async function dockerRun({ image, port, containerPort, options, command }: Container): Promise<ContainerRun> {
  await ensureImage(image)
  const name = `causeway-test-${randomUUID()}`
  const publish = `127.0.0.1:${port}:${containerPort}`
  return {
    command: 'docker',
    args: ['run', '--rm', '--name', name, '--publish', publish, ...options, image, ...command],
    signal: signal => signalContainer(name, signal),
  }
}

/** Pulls `image` unless it is there. Rejects with Docker's own words. */
async function ensureImage(image: string): Promise<void> {
  if ((await runCommand('docker', ['image', 'inspect', image], COMMAND_TIMEOUT_MS)).code === 0) return
  const pull = await runCommand('docker', ['pull', '--quiet', image], FETCH_TIMEOUT_MS)
  if (pull.code !== 0) throw new Error(`docker pull ${image} failed:\n${pull.output.trim()}`)
}

/**
 * Sends a signal to a container's main process. `docker run` passes most signals on but can't catch SIGKILL, SIGSTOP
 * and SIGCONT, so they go this way. Synchronous, because it also serves at the very end of a process.
 */
async function signalContainer(name: string, signal: NodeJS.Signals): Promise<void> {
  spawnSync('docker', ['kill', '--signal', signal, name], { stdio: 'ignore', timeout: COMMAND_TIMEOUT_MS })
}
