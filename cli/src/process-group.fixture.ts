import { ProcessLine } from './process-line.ts'

/** One of a group's processes as a test wants it, by its last argument: it serves, or ends before. */
const [, , place, what] = process.argv
process.once('disconnect', () => process.exit(1))
const line = new ProcessLine(process, 2_000, {
  metrics: () => `# HELP pid The process\n# TYPE pid gauge\npid{place="${place}"} ${process.pid}\n`,
  readiness: () => ({ status: 'ready', dependencies: {} }),
  drainTimeout: () => 1_000,
})
if (what === 'killed') process.kill(process.pid, 'SIGKILL')
if (what !== undefined && /^\d+$/.test(what)) process.exit(Number(what))
process.on('SIGTERM', () => process.exit(what === 'fails to drain' ? 3 : 0))
const ports = await line.ask('ports')
await line.ask('serving', { json: { ports }, lines: [] })
