import { execFile, spawnSync } from 'node:child_process'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Skipped } from './scenario.ts'

const run = promisify(execFile)
/** Bytes written at a time to fill it. */
const PIECE = 1 << 16

const mounted = new Set<string>()
process.on('exit', () => {
  for (const path of mounted) spawnSync('umount', ['-l', path])
})

/** A disk of its own that can be filled: a tmpfs, which root alone may mount. */
export class SmallDisk {
  readonly path: string

  private constructor(path: string) {
    this.path = path
  }

  /** Rejects with Skipped where this process may not mount one. */
  static async mount(megabytes: number): Promise<SmallDisk> {
    const path = await mkdtemp(join(tmpdir(), 'causeway-faults-disk-'))
    try {
      await run('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', path])
    } catch (error) {
      await rm(path, { recursive: true })
      throw new Skipped('a small disk is a tmpfs, and mounting one needs root on Linux', { cause: error })
    }
    mounted.add(path)
    return new SmallDisk(path)
  }

  /** Leaves no byte free. */
  async fill(): Promise<void> {
    const file = await open(join(this.path, 'ballast'), 'a')
    try {
      for (let size = PIECE; size >= 1; size >>= 1) await writeUntilFull(file, Buffer.alloc(size))
    } finally {
      await file.close()
    }
  }

  async free(): Promise<void> {
    await rm(join(this.path, 'ballast'), { force: true })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await run('umount', ['-l', this.path])
    mounted.delete(this.path)
    await rm(this.path, { recursive: true, force: true })
  }
}

async function writeUntilFull(file: Awaited<ReturnType<typeof open>>, piece: Buffer): Promise<void> {
  for (;;) {
    try {
      await file.write(piece)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return
      throw error
    }
  }
}
