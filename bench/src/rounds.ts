/**
 * Runs all items in turn, as often as there are rounds, so that what changes on the machine meanwhile meets all of them: by item, a result a round.
 * Rejects with the first that fails.
 */
export async function interleaved<Item, Result>(
  items: readonly Item[],
  rounds: number,
  run: (item: Item, round: number) => Promise<Result>,
): Promise<Result[][]> {
  const results: Result[][] = items.map(() => [])
  for (let round = 1; round <= rounds; round++) for (const [index, item] of items.entries()) results[index].push(await run(item, round))
  return results
}

/** Something that is measured once a round. */
export interface Task<T> {
  name: string
  run(): Promise<T>
}

/** What came of a task: a result a round, until one failed. */
export interface Outcome<T> {
  results: T[]
  failure?: Error
}

/** The same for what may fail: a task that does is left out from then on, and the others go on. */
export async function runRounds<T>(
  tasks: readonly Task<T>[],
  rounds: number,
  tell: (round: number, task: Task<T>, result: T | Error) => void,
): Promise<Map<Task<T>, Outcome<T>>> {
  const outcomes = new Map(tasks.map(task => [task, { results: [] } as Outcome<T>]))
  for (let round = 1; round <= rounds; round++) {
    for (const [task, outcome] of outcomes) {
      if (outcome.failure !== undefined) continue
      try {
        const result = await task.run()
        outcome.results.push(result)
        tell(round, task, result)
      } catch (error) {
        outcome.failure = error as Error
        tell(round, task, outcome.failure)
      }
    }
  }
  return outcomes
}
