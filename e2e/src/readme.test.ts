import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { DEMO, Installation, type RunningGateway } from './installation.ts'
import { FRAME_MS } from './limits.ts'

const README_ADDRESS = 'tcp://127.0.0.1:7400'
const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8')
const run = promisify(execFile)

/** The README's block of code in which a text stands. */
function snippet(language: string, text: string): string {
  const blocks = [...readme.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, code]) => code)
  const found = blocks.filter(code => code.includes(text))
  assert.equal(found.length, 1, `the README has one ${language} block with ${text}`)
  return found[0]
}

/** The arguments that the README gives to `npx causeway`, of its only such line that begins like this. */
function commandLine(beginning: string): string[] {
  const lines = [...readme.matchAll(/^ {4}npx causeway (.*)$/gm)].map(([, line]) => line).filter(line => line.startsWith(beginning))
  assert.equal(lines.length, 1, `the README has one command that begins with ${beginning}`)
  return [...lines[0].matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain)
}

test("the README's worker, commands and program do what it says", async context => {
  // inside the workspace, so that its packages are found
  const cache = fileURLToPath(new URL('../.cache/', import.meta.url))
  await mkdir(cache, { recursive: true })
  const folder = await mkdtemp(join(cache, 'readme-'))
  try {
    await writeFile(join(folder, 'orders.ts'), snippet('ts', '@causeway/consumers'))
    await using installation = await Installation.make({ kind: 'embedded' })
    const gateway = await installation.serve([...commandLine('start'), DEMO], folder)
    await commandsAnswer(context, installation, gateway)
    await context.test('the program', async () => {
      const program = snippet('ts', '@causeway/client')
      assert.ok(program.includes(README_ADDRESS))
      await writeFile(join(folder, 'program.ts'), program.replace(README_ADDRESS, gateway.tcp))
      const { stdout } = await run(process.execPath, ['--conditions=source', 'program.ts'], { cwd: folder, timeout: FRAME_MS })
      assert.equal(stdout, '{ hello: 1 }\n')
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

async function commandsAnswer(context: TestContext, installation: Installation, gateway: RunningGateway): Promise<void> {
  const requested = async (args: string[]) => {
    const command = installation.run([...args, '--url', gateway.tcp])
    const { code } = await command.ended
    return { code, lines: command.stdout.trimEnd().split('\n'), stderr: command.stderr }
  }

  await context.test('a request and a stream', async () => {
    const [echoed, counted] = await Promise.all([requested(commandLine('req echo')), requested(commandLine('req demo.count'))])
    assert.deepEqual(echoed, { code: 0, lines: ['{"hello":1}'], stderr: '' })
    assert.deepEqual(counted, { code: 0, lines: ['{"n":1}', '{"n":2}', '{"n":3}'], stderr: '' })
  })

  await context.test('a request to the worker, and one that it rejects', async () => {
    const [command, route, order] = commandLine('req order.place')
    const tooMany = JSON.stringify({ ...(JSON.parse(order) as object), count: 101 })
    const [placed, rejected] = await Promise.all([requested([command, route, order]), requested([command, route, tooMany])])
    assert.equal(placed.code, 0, placed.stderr)
    assert.match(placed.lines[0], /^\{"id":"[\w-]{22}-1"\}$/)
    assert.deepEqual([rejected.code, rejected.lines], [1, ['']])
    assert.match(rejected.stderr, /REJECTED.*at most 100 at a time/)
  })
}
