/** A method of ours that the probe looks at from outside, so that the product has no code for it. */
interface Watched {
  file: string
  class: string
  method: string
}

const watched = (file: string, name: string, method: string): Watched => ({ file, class: name, method })

/** All of them; a test finds each in its file. */
export const WATCHED = {
  push: watched('shared/protocol/src/frame-decoder.ts', 'FrameDecoder', 'push'),
  received: watched('gateway/src/connection.ts', 'Connection', 'received'),
  admit: watched('gateway/src/admission.ts', 'Admission', 'admit'),
  load: watched('shared/log/src/partition-queue.ts', 'PartitionQueue', 'load'),
  stored: watched('gateway/src/session-host.ts', 'SessionHost', 'stored'),
  woken: watched('gateway/src/session-host.ts', 'SessionHost', 'deliver'),
  deliver: watched('gateway/src/connection.ts', 'Connection', 'deliver'),
  records: watched('consumers/src/dispatcher.ts', 'Dispatcher', 'records'),
  run: watched('consumers/src/message-runner.ts', 'MessageRunner', 'run'),
  add: watched('shared/sessions/src/finish-batcher.ts', 'FinishBatcher', 'add'),
  script: watched('shared/redis/src/script.ts', 'Script', 'run'),
} as const satisfies Record<string, Watched>

type Method<This, Args extends unknown[]> = (this: This, ...args: Args) => unknown

/** The class that has it; throws where it was renamed or moved. */
async function prototypeOf({ file, class: name, method }: Watched): Promise<Record<string, unknown>> {
  const loaded = (await import(new URL(`../../../${file}`, import.meta.url).href)) as Record<string, { prototype: Record<string, unknown> }>
  const prototype = loaded[name]?.prototype
  if (typeof prototype?.[method] !== 'function') throw new Error(`${file} has no method ${method} of a class ${name}: look where it went`)
  return prototype
}

/** Puts `around` in the place of a method, in this process, for objects that are there and those that come. */
export async function watch<This, Args extends unknown[]>(
  which: keyof typeof WATCHED,
  around: (method: Method<This, Args>) => Method<This, Args>,
): Promise<void> {
  const { method } = WATCHED[which]
  const prototype = await prototypeOf(WATCHED[which])
  prototype[method] = around(prototype[method] as Method<This, Args>)
}
