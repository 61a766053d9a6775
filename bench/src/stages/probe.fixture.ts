// A process with something to do, for the probe's test: a line each time it has done some.
const ROUNDS = 200_000

function work(): void {
  let sum = 0
  for (let round = 0; round < ROUNDS; round++) sum += Math.hypot(round, sum)
  process.stdout.write(`${JSON.stringify({ sum: String(sum) })}\n`)
}

setInterval(work, 1)
