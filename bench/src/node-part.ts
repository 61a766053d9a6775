import { READY_TIMEOUT_MS } from './limits.ts'
import { SourceProcess } from './source-process.ts'

/** What a server or responder of ours prints, a JSON line, once it serves. */
export interface Serving {
  /** That it listens on; a responder has none. */
  port?: number
}

export interface NodePart {
  pid: number
  /** 0 of a responder. */
  port: number
}

/** Starts a module as a Node process and resolves when it serves; `parts` ends it. `args` are for the module. */
export async function startNode(parts: AsyncDisposableStack, name: string, module: URL, args: readonly string[] = []): Promise<NodePart> {
  const started = new SourceProcess(name, module, args)
  parts.defer(() => started.stop())
  const { port = 0 } = await started.next<Serving>(READY_TIMEOUT_MS)
  return { pid: started.pid, port }
}

/** For such a module: tells that it serves. */
export const tellServing = (serving: Serving): void => void process.stdout.write(`${JSON.stringify(serving)}\n`)
