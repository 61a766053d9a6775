import { mkdtempSync, rmSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const there = new Set<string>()
process.on('exit', () => {
  for (const folder of there) rmSync(folder, { recursive: true, force: true })
})

/** A folder for a server's data; goes with `parts`, or with this process. Made before its server, so that the server is ended first. */
export function temporaryFolder(parts: AsyncDisposableStack): string {
  const folder = mkdtempSync(join(tmpdir(), 'causeway-bench-'))
  there.add(folder)
  parts.defer(async () => {
    await rm(folder, { recursive: true, force: true })
    there.delete(folder)
  })
  return folder
}
