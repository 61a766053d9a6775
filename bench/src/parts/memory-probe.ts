// Loaded before a server (node --expose-gc --import): tells, when asked, what its process holds once all that is garbage is gone.
import { isMainThread } from 'node:worker_threads'
import type { BytesEach } from '../trial.ts'

/** Collections until nothing more goes: what one frees may let another thing go. */
const COLLECTIONS = 3

function held(): BytesEach {
  // as where memory has run out: otherwise V8 keeps the pages of what is garbage
  for (let i = 0; i < COLLECTIONS; i++) globalThis.gc!({ type: 'major', execution: 'sync', flavor: 'last-resort' })
  const { rss, heapUsed, external } = process.memoryUsage()
  return { resident: rss, heapAndExternal: heapUsed + external }
}

if (isMainThread && process.send !== undefined) {
  process.on('message', () => process.send!(held()))
  process.channel!.unref()
}
