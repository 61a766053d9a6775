import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { Backend } from '@causeway/test-backends'
import { cpuSeconds } from '../cpu.ts'
import { TOOL_POLL_MS, TOOL_TIMEOUT_MS } from '../limits.ts'
import { NotInstalled } from '../subject.ts'

const JAVA = 'java'
const FLAGS = ['-Xmx512m', '-Dorg.slf4j.simpleLogger.defaultLogLevel=error']

/** What a tool has printed, and CPU seconds meanwhile: of itself, to its last 100 ms, and of the broker. */
export interface ToolRun {
  output: string
  cpu: Record<string, number>
}

/** The jars that this broker runs on, as its own command line names them: the tools are among them. */
export function classPathOf({ pid }: Backend): string {
  const args = commandLine(pid)
  const at = args.indexOf('-cp')
  if (at < 0) throw new NotInstalled('Kafka with its tools', 'apt-get install openjdk-17-jre-headless maven, on Linux')
  return args[at + 1]
}

function commandLine(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
  } catch {
    // no /proc on this system
    return []
  }
}

/** Runs one of Kafka's own tools to its end; rejects with its output where that is no success. */
export async function runTool(broker: Backend, tool: string, args: readonly string[]): Promise<ToolRun> {
  const signal = AbortSignal.timeout(TOOL_TIMEOUT_MS)
  const command = [...FLAGS, '-cp', classPathOf(broker), `org.apache.kafka.tools.${tool}`, ...args]
  const child = spawn(JAVA, command, { stdio: ['ignore', 'pipe', 'pipe'], signal, killSignal: 'SIGKILL' })
  const killWithUs = (): void => void child.kill('SIGKILL')
  process.on('exit', killWithUs)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (output += chunk))
  const brokerBefore = cpuSeconds(broker.pid)
  let own: number | undefined
  const poll = setInterval(() => (own = cpuSeconds(child.pid!) ?? own), TOOL_POLL_MS)
  try {
    const [code] = await once(child, 'close')
    if (code !== 0) throw new Error(`Kafka's ${tool} ended with ${code}:\n${output}`)
  } finally {
    clearInterval(poll)
    process.off('exit', killWithUs)
  }
  const brokerAfter = cpuSeconds(broker.pid)
  const cpu: Record<string, number> = {}
  if (own !== undefined) cpu.tool = own
  if (brokerBefore !== undefined && brokerAfter !== undefined) cpu.Kafka = brokerAfter - brokerBefore
  return { output, cpu }
}
