import { setTimeout as sleep } from 'node:timers/promises'
import { dispatchFigures } from './capacity/figures.ts'
import { PLACES_STUDY, SHARING_STUDY, UNEVEN_STUDY } from './capacity/load-studies.ts'
import type { Measuring } from './capacity/run-studies.ts'
import { type Point, pointOf } from './capacity/study.ts'
import { type ClosedLoop, type ClosedLoopResult, closedLoop } from './closed-loop.ts'
import { JOIN_MS } from './limits.ts'
import { interleaved } from './rounds.ts'
import { PAYLOAD_SIZE } from './shapes.ts'
import { median } from './statistics.ts'
import type { System } from './subject.ts'
import { PLACES, waitHead, waitingOpcode } from './waiting.ts'

/** Handler times, ms. */
const TIMES = [1, 5, 20] as const
const WORKERS = [1, 2, 4] as const
/** Places of each of several workers. */
const FEW = 16
/** Of these places the sessions are a hot one among even ones. */
const UNEVEN = 64
/** Outstanding of the hot one: nine of ten. */
const HOT_DEPTH = 576
const SESSIONS = 256
/** Outstanding requests of all sessions together for each place, so that none is ever idle. */
const FOR_EACH_PLACE = 4
const MOST_OUTSTANDING = 1_024
const MOST_PLACES = PLACES[PLACES.length - 1]

/** A load on the service with so many places. */
interface Load extends Pick<ClosedLoop, 'sessions' | 'depth' | 'hotDepth'> {
  places: number
  handlerMs: number
  warmUpMs?: number
}

/** As many as keep all places at work, and as few as that: what waits behind them is only latency. */
function evenly(places: number): Pick<ClosedLoop, 'sessions' | 'depth'> {
  const outstanding = Math.min(MOST_OUTSTANDING, Math.max(SESSIONS, places * FOR_EACH_PLACE))
  return { sessions: SESSIONS, depth: Math.max(1, Math.round(outstanding / SESSIONS)) }
}

/** Loads whose handlers wait, on one system of one worker at first. */
export class Dispatch {
  readonly #system: System
  readonly #rounds: number
  readonly #seconds: number
  #capacity: Promise<readonly ClosedLoopResult[]> | undefined

  constructor(system: System, rounds: number, seconds: number) {
    this.#system = system
    this.#rounds = rounds
    this.#seconds = seconds
  }

  /** Several workers come last: they stay. */
  measurings(): Measuring[] {
    const measured = (study: Measuring['study'], points: () => Promise<Point[]>): Measuring => ({
      study,
      measure: async () => ({ points: await points(), versions: this.#system.versions }),
    })
    return [
      measured(PLACES_STUDY, () => this.#places()),
      measured(UNEVEN_STUDY, () => this.#uneven()),
      measured(SHARING_STUDY, () => this.#sharing()),
    ]
  }

  async #places(): Promise<Point[]> {
    const empty = await this.#empty()
    const ideal = await this.#idealOf()
    const grid = TIMES.flatMap(handlerMs => PLACES.map(places => ({ places, handlerMs, ...evenly(places) })))
    const results = await this.#interleaved(grid)
    return [
      pointOf(
        MOST_PLACES,
        empty.map(each => dispatchFigures(each, ideal(MOST_PLACES, 0))),
        '0 ms',
      ),
      ...grid.map(({ places, handlerMs }, index) => this.#point(places, `${handlerMs} ms`, results[index], ideal(places, handlerMs))),
    ]
  }

  async #uneven(): Promise<Point[]> {
    const ideal = await this.#idealOf()
    const loads = TIMES.map(handlerMs => ({ handlerMs, places: UNEVEN, sessions: UNEVEN, depth: FOR_EACH_PLACE, hotDepth: HOT_DEPTH }))
    const results = await this.#interleaved(loads)
    const hot = (all: readonly ClosedLoopResult[]) =>
      all.map(({ hotPerSecond: perSecond, generatorCpuShare }) => ({ perSecond, generatorCpuShare }))
    return [
      ...TIMES.map((handlerMs, index) => this.#point(handlerMs, 'all', results[index], ideal(UNEVEN, handlerMs))),
      ...TIMES.map((handlerMs, index) => {
        const alone = 1_000 / handlerMs
        const runs = hot(results[index]).map(each => ({ ...each, ideal: alone, ofIdeal: each.perSecond / alone }))
        return pointOf(handlerMs, runs, 'the hot one')
      }),
    ]
  }

  async #sharing(): Promise<Point[]> {
    const ideal = await this.#idealOf()
    const points: Point[] = []
    let running = 1
    for (const workers of WORKERS) {
      for (; running < workers; running++) await this.#system.addWorker!()
      if (workers > 1) await sleep(JOIN_MS)
      const results = await this.#interleaved(TIMES.map(handlerMs => ({ handlerMs, places: FEW, ...evenly(FEW * workers) })))
      for (const [index, handlerMs] of TIMES.entries())
        points.push(this.#point(workers, `${handlerMs} ms`, results[index], ideal(FEW * workers, handlerMs)))
    }
    return points
  }

  #point(at: number, line: string, results: readonly ClosedLoopResult[], ideal: number): Point {
    return pointOf(
      at,
      results.map(each => dispatchFigures(each, ideal)),
      line,
    )
  }

  /** What the machine can, with handlers that don't wait. */
  #empty(): Promise<readonly ClosedLoopResult[]> {
    this.#capacity ??= (async () => {
      const load = { places: MOST_PLACES, handlerMs: 0, ...evenly(MOST_PLACES) }
      await this.#run({ ...load, warmUpMs: 10_000 })
      const [results] = await this.#interleaved([load])
      return results
    })()
    return this.#capacity
  }

  /** What so many places do whose handlers take so long, or the machine can where that is less. */
  async #idealOf(): Promise<(places: number, handlerMs: number) => number> {
    const capacity = median((await this.#empty()).map(({ perSecond }) => perSecond))
    return (places, handlerMs) => (handlerMs === 0 ? capacity : Math.min((places * 1_000) / handlerMs, capacity))
  }

  #interleaved(loads: readonly Load[]): Promise<ClosedLoopResult[][]> {
    return interleaved(loads, this.#rounds, load => this.#run(load))
  }

  #run({ places, handlerMs, ...load }: Load): Promise<ClosedLoopResult> {
    const timed = { port: this.#system.port, warmUpMs: 1_500, measureMs: this.#seconds * 1_000 }
    return closedLoop({ ...timed, size: PAYLOAD_SIZE, opcode: waitingOpcode(places), head: waitHead(handlerMs), ...load })
  }
}
