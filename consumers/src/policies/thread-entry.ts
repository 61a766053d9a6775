// What a worker thread runs: one call of a module's default export.
import type { ThreadContext, ThreadResult, ThreadTask } from './threads.ts'

type ThreadHandler = (input: unknown, ctx: ThreadContext) => unknown

const handlers = new Map<string, Promise<ThreadHandler>>()

export default async function run({ module, input, context }: ThreadTask): Promise<ThreadResult> {
  try {
    return { value: await (await handlerOf(module))(input, context) }
  } catch (error) {
    // the class of an error does not cross threads: its name does
    const { name, message, stack, delayMs } = error as Error & { delayMs?: number }
    return { error: { name, message, stack, delayMs } }
  }
}

function handlerOf(module: string): Promise<ThreadHandler> {
  let handler = handlers.get(module)
  if (handler === undefined) {
    handler = loaded(module)
    handlers.set(module, handler)
  }
  return handler
}

async function loaded(module: string): Promise<ThreadHandler> {
  const { default: handler } = (await import(module)) as { default?: unknown }
  if (typeof handler !== 'function') throw new TypeError(`module ${module}: expected a function (input, ctx) as its default export`)
  return handler as ThreadHandler
}
