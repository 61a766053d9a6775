import { cpuSeconds, machineCpuSeconds } from './cpu.ts'
import type { GeneratorEvent, GeneratorResult } from './generator-event.ts'
import { FIRST_WARM_UP_MS, GENERATOR_GRACE_MS, WARM_UP_MS } from './limits.ts'
import type { Options } from './options.ts'
import { ECHO_OPCODE, PAYLOAD_SIZE, SHAPES, type Shape } from './shapes.ts'
import { SourceProcess } from './source-process.ts'
import type { System } from './system.ts'

/** One shape in one round. */
export interface Measurement extends GeneratorResult {
  /** CPU seconds of each process in the measured time; without those that could not be read. */
  cpu: Record<string, number>
  /** CPU seconds of everything else on the machine but the generator; undefined where they could not be read. */
  otherCpuSeconds: number | undefined
}

const GENERATOR = new URL('./generator.ts', import.meta.url)

/** All shapes in turn, as often as there are rounds, so that what changes on the machine meanwhile meets all of them. */
export async function measureAll(system: System, options: Options, tell: (line: string) => void): Promise<Map<Shape, Measurement[]>> {
  const measured = new Map<Shape, Measurement[]>(SHAPES.map(shape => [shape, []]))
  tell(`warming up for ${FIRST_WARM_UP_MS / 1_000} s`)
  await measure(system, SHAPES[SHAPES.length - 1], FIRST_WARM_UP_MS, 1)
  for (let round = 1; round <= options.rounds; round++) {
    for (const shape of SHAPES) {
      const measurement = await measure(system, shape, WARM_UP_MS, options.seconds * 1_000)
      measured.get(shape)!.push(measurement)
      tell(`round ${round}: ${shape.name} ${Math.round(measurement.roundTrips / measurement.seconds)}/s`)
    }
  }
  return measured
}

async function measure({ port, processes }: System, shape: Shape, warmUpMs: number, measureMs: number): Promise<Measurement> {
  const { connections, depth } = shape
  const values = { port, connections, depth, size: PAYLOAD_SIZE, opcode: ECHO_OPCODE, 'warm-up': warmUpMs, measure: measureMs }
  const args = Object.entries(values).flatMap(([name, value]) => [`--${name}`, String(value)])
  const generator = new SourceProcess('generator', GENERATOR, args)
  try {
    await generator.next<GeneratorEvent>(warmUpMs + GENERATOR_GRACE_MS)
    const before = cpuOf(processes)
    const machineBefore = machineCpuSeconds()
    const result = await generator.next<{ event: 'result' } & GeneratorResult>(measureMs + GENERATOR_GRACE_MS)
    const after = cpuOf(processes)
    const machineAfter = machineCpuSeconds()
    refuseFailures(shape, result)
    const entries = Object.entries(after).map(([name, seconds]) => [name, seconds - (before[name] ?? Number.NaN)] as const)
    const cpu = Object.fromEntries(entries.filter(([, seconds]) => !Number.isNaN(seconds)))
    return { ...result, cpu, otherCpuSeconds: othersBetween(machineBefore, machineAfter, cpu, result.cpuSeconds) }
  } finally {
    await generator.stop()
  }
}

function cpuOf(processes: System['processes']): Record<string, number> {
  const read = Object.entries(processes).map(([name, pid]) => [name, cpuSeconds(pid)] as const)
  return Object.fromEntries(read.filter((entry): entry is readonly [string, number] => entry[1] !== undefined))
}

function othersBetween(
  before: number | undefined,
  after: number | undefined,
  cpu: Readonly<Record<string, number>>,
  generatorCpuSeconds: number,
): number | undefined {
  if (before === undefined || after === undefined) return undefined
  const ours = Object.values(cpu).reduce((total, seconds) => total + seconds, generatorCpuSeconds)
  return Math.max(0, after - before - ours)
}

/** A figure of a run that lost or broke something would be no figure. */
function refuseFailures({ name }: Shape, { gaps, wrongLengths, errors }: GeneratorResult): void {
  if (gaps === 0 && wrongLengths === 0 && Object.keys(errors).length === 0) return
  throw new Error(`${name}: ${gaps} gaps in seq, ${wrongLengths} echoes of a wrong length, errors ${JSON.stringify(errors)}; expected none`)
}
