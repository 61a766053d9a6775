/** Exit status of a process whose configuration is wrong (sysexits.h EX_CONFIG). */
export const EXIT_CONFIG = 78

/** A configuration that can't be used; the message names key, value, where it came from and what was expected, a line for each. */
export class ConfigError extends Error {
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
    this.name = 'ConfigError'
    this.problems = problems
  }
}

/** The known name nearest to one that is not known, by edit distance; undefined where none is near. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const near = known.map(candidate => ({ candidate, distance: editDistance(name.toLowerCase(), candidate.toLowerCase()) }))
  const best = near.sort((a, b) => a.distance - b.distance)[0]
  return best !== undefined && best.distance <= Math.max(3, name.length / 2) ? best.candidate : undefined
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1))
    }
    row = next
  }
  return row[b.length]
}
