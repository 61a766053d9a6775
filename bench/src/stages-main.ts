// `npm run bench:stages`: where a round trip's time goes, and CPU time. Its options are in stages/stages-options.ts.
import { causewayEmbedded, causewayOn } from './causeway.ts'
import { machine } from './machine.ts'
import { accountsOf } from './stages/accounts.ts'
import { graphFile } from './stages/flame-section.ts'
import { flameSvg } from './stages/flame-svg.ts'
import { costs } from './stages/flame-tree.ts'
import { type FlamesResult, flamesOfEmbedded, flamesOfReal, PROBE } from './stages/flames.ts'
import type { Circumstances, KeptFlame, KeptStages } from './stages/found.ts'
import { keepStages } from './stages/kept.ts'
import { FUNCTIONS_SHOWN } from './stages/limits.ts'
import { EMBEDDED_STAGES, STAGES } from './stages/stages.ts'
import { readStagesOptions, STAGES_HELP, type StagesOptions } from './stages/stages-options.ts'
import { stagesPage } from './stages/stages-page.ts'

async function run(options: StagesOptions, command: string): Promise<void> {
  const { only, rounds, seconds, client, write } = options
  const tell = (line: string): void => void process.stderr.write(`${line}\n`)
  const circumstances: Circumstances = { machine: machine(), date: new Date().toISOString(), command, seconds }
  const found: KeptStages = {}
  const graphs: Record<string, string> = {}
  if (only.includes('account')) {
    const real = { subject: causewayOn({ client, aof: 'everysec', probe: PROBE }), stages: STAGES }
    const embedded = { subject: causewayEmbedded({ probe: PROBE }), stages: EMBEDDED_STAGES }
    const systems = [
      { name: client === 'kafkajs' ? 'Kafka, Redis' : `Kafka (${client}), Redis`, ...(await accountsOf(real, { rounds, seconds, tell })) },
      { name: 'embedded', ...(await accountsOf(embedded, { rounds, seconds, tell })) },
    ]
    found.account = { ...circumstances, rounds, systems }
  }
  if (only.includes('flames')) {
    tell('flames of gateway and worker')
    const results = [await flamesOfReal(seconds, { client })]
    tell('flames of the embedded process')
    results.push(await flamesOfEmbedded(seconds))
    found.flames = { ...circumstances, processes: results.flatMap(keptFlames) }
    for (const { id, root } of results.flatMap(({ processes }) => processes))
      graphs[graphFile(id)] = flameSvg({
        title: `CPU time: ${id}, 64 x 16`,
        unit: 'share of the time in which the process did anything',
        root,
      })
  }
  process.stdout.write(stagesPage(found).markdown)
  if (write) keepStages(found, graphs)
}

const keptFlames = ({ processes, roundTripsPerSecond, versions }: FlamesResult): KeptFlame[] =>
  processes.map(({ id, busy, root }) => {
    const { functions, groups } = costs(root)
    return { id, busy, roundTripsPerSecond, versions, functions: functions.slice(0, FUNCTIONS_SHOWN), groups }
  })

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
try {
  const argv = process.argv.slice(2)
  const options = readStagesOptions(argv)
  if (options.help) process.stdout.write(STAGES_HELP)
  else await run(options, ['npm run bench:stages', ...(argv.length > 0 ? ['--', ...argv] : [])].join(' '))
} catch (error) {
  process.stderr.write(`bench: ${(error as Error).message}\n`)
  process.exitCode = 1
}
