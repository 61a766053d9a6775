/** Opens the data folder named on the command line and holds it. Told `fill`, it writes until that fails and says how far it came. */
import { silentLogger } from '@causeway/telemetry'
import { openDataFolder } from './data-folder.ts'

// A file-size limit must fail the write, not end the process.
process.on('SIGXFSZ', () => {})

const folder = await openDataFolder(process.argv[2]!, { logger: silentLogger })
process.stdout.write('open\n')
for await (const told of process.stdin) if (`${told}` === 'fill') await fill()

async function fill(): Promise<void> {
  const table = folder.table('fill')
  const value = Buffer.alloc(20_000)
  let stored = 0
  try {
    for (;;) {
      await folder.commit(transaction => transaction.put(table, Buffer.from(`${stored}`), value))
      stored++
    }
  } catch (error) {
    process.stdout.write(`after ${stored} failed: ${(error as Error).message}\n`)
  }
  process.exit(0)
}
