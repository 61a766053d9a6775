import { type ChildProcess, spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Backend } from './backend.ts'
import { OUTPUT_KEPT, READY_POLL_MS, READY_TIMEOUT_MS, STOP_TIMEOUT_MS } from './limits.ts'

/** How to start one server, and how to know that it serves. */
export interface ServerPlan {
  /** For error messages: `Kafka`, `Redis`. */
  name: string
  command: string
  args: string[]
  port: number
  /** None where the data lies inside a container. */
  dataDir: string | undefined
  /** Whether `dataDir` goes when the server stops. */
  dataIsTemporary: boolean
  /** True once the server really answers. */
  isReady(): Promise<boolean>
  /** Sends a signal where the process itself can't be sent one (a container). Default: `kill(2)` on the process. */
  signal?(signal: NodeJS.Signals): Promise<void>
}

interface Running {
  child: ChildProcess
  plan: ServerPlan
}

const running = new Set<Running>()

/**
 * Starts a server and resolves when it answers. It runs in a process group of its own, so that Ctrl-C in a terminal
 * reaches it through us and after those who still use it; it never outlives an orderly end of this process.
 * Rejects when it ends early or isn't ready within 60 s, with the end of its output.
 */
export async function startServer(plan: ServerPlan): Promise<Backend> {
  if (await plan.isReady())
    throw new Error(`${plan.name} can't start: another one already answers on port ${plan.port}; choose another port`)
  const child = spawn(plan.command, plan.args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  const entry = { child, plan }
  watchEndOfProcess()
  running.add(entry)
  const gone = new Promise<void>(resolve => {
    child.once('error', () => resolve())
    child.once('exit', () => resolve())
  }).then(() => {
    running.delete(entry)
  })
  const lastOutput = keepOutput(child)
  try {
    await untilReady(plan, child, lastOutput)
  } catch (error) {
    child.kill('SIGKILL')
    await gone
    await removeTemporaryData(plan)
    throw error
  }
  releaseEventLoop(child)
  return handle(plan, child, gone)
}

async function removeTemporaryData(plan: ServerPlan): Promise<void> {
  if (plan.dataIsTemporary && plan.dataDir !== undefined) await rm(plan.dataDir, { recursive: true, force: true })
}

function keepOutput(child: ChildProcess): () => string {
  let output = ''
  const keep = (chunk: Buffer) => {
    output = (output + chunk).slice(-OUTPUT_KEPT)
  }
  child.stdout?.on('data', keep)
  child.stderr?.on('data', keep)
  child.once('error', error => keep(Buffer.from(String(error))))
  return () => output
}

async function untilReady(plan: ServerPlan, child: ChildProcess, lastOutput: () => string): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS
  while (Date.now() < deadline) {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) {
      throw new Error(`${plan.name} ended before it was ready on port ${plan.port} (${plan.command}). Its last output:\n${lastOutput()}`)
    }
    if (await plan.isReady()) return
    await sleep(READY_POLL_MS)
  }
  throw new Error(`${plan.name} doesn't answer on port ${plan.port} after ${READY_TIMEOUT_MS} ms. Its last output:\n${lastOutput()}`)
}

/** A test that forgets to stop its server should still end: neither the process nor its pipes keep the loop alive. */
function releaseEventLoop(child: ChildProcess): void {
  child.unref()
  for (const pipe of [child.stdout, child.stderr]) {
    if (pipe !== null && 'unref' in pipe && typeof pipe.unref === 'function') pipe.unref()
  }
}

function handle(plan: ServerPlan, child: ChildProcess, gone: Promise<void>): Backend {
  const send = plan.signal ?? (async signal => void child.kill(signal))
  const isGone = () => child.exitCode !== null || child.signalCode !== null
  const awaitEnd = async () => {
    child.ref()
    await gone
  }
  const stop = async () => {
    if (!isGone()) {
      const killer = setTimeout(() => void send('SIGKILL'), STOP_TIMEOUT_MS)
      // a server that a fault test left stopped can't act on SIGTERM
      await send('SIGCONT')
      await send('SIGTERM')
      await awaitEnd()
      clearTimeout(killer)
    }
    await removeTemporaryData(plan)
  }
  return {
    host: '127.0.0.1',
    port: plan.port,
    address: `127.0.0.1:${plan.port}`,
    pid: child.pid!,
    stop,
    [Symbol.asyncDispose]: stop,
    async kill(signal) {
      if (isGone()) return
      await send(signal)
      if (signal !== 'SIGSTOP' && signal !== 'SIGCONT') await awaitEnd()
    },
  }
}

let watching = false

/** The last resort: whatever still runs is killed when this process ends by itself or by a signal that no one else handles. */
function watchEndOfProcess(): void {
  if (watching) return
  watching = true
  process.once('exit', killAll)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    const endIfAlone = () => {
      if (process.listenerCount(signal) > 1) return
      killAll()
      process.removeListener(signal, endIfAlone)
      process.kill(process.pid, signal)
    }
    // in front, so that another's `once` listener is still counted
    process.prependListener(signal, endIfAlone)
  }
}

function killAll(): void {
  for (const { child, plan } of running) {
    if (plan.signal) void plan.signal('SIGKILL')
    child.kill('SIGKILL')
    if (plan.dataIsTemporary && plan.dataDir !== undefined) rmSync(plan.dataDir, { recursive: true, force: true })
  }
  running.clear()
}
