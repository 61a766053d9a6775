import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connect } from '@causeway/client'
import { until } from '@causeway/testing'
import { Installation } from './installation.ts'
import { everywhere } from './places.ts'

/** A service of two files; the second is what is written over and over. */
async function moduleIn(folder: string, name: string) {
  const write = (file: string, text: string) => writeFile(join(folder, file), text)
  await write('package.json', '{"type":"module"}')
  await write(
    'service.ts',
    `import { service } from '@causeway/consumers'\nimport { routes } from './routes.ts'\nexport default service('${name}', routes)\n`,
  )
  return {
    path: join(folder, 'service.ts'),
    /** Routes that answer this text; what stands in `more` are further ones. */
    answer: (text: string, more = '') =>
      write(
        'routes.ts',
        `import { message } from '@causeway/consumers'
export const routes = [
  message('say').handle(() => '${text}'),
  message('wait', { order: 'none' }).handle(async (ms: unknown) => {
    await new Promise(resolve => setTimeout(resolve, ms as number))
    return '${text}'
  }),
  ${more}
]
`,
      ),
    write,
  }
}

everywhere('a module that is written again is served anew (--watch)', async (context, place) => {
  await using installation = await Installation.make(place)
  // beside our own modules, so that it finds the packages
  const folder = await mkdtemp(join(import.meta.dirname, '..', '.reload-'))
  context.after(() => rm(folder, { recursive: true, force: true }))
  const module = await moduleIn(folder, installation.service)
  await module.answer('one')
  const gateway = await installation.start({}, module.path, ['--watch'])
  await using client = await connect(gateway.tcp)
  const states: string[] = []
  client.on('state', ({ state }) => states.push(state))
  const says = (wanted: string) =>
    until(async () => (await client.request('say')) === wanted, { timeoutMs: 20_000, what: `the answer ${wanted}` })

  // load on it all the time: nothing may fail or be lost
  let ended = false
  let answers = 0
  const load = (async () => {
    while (!ended) {
      await client.request('say', undefined, { timeout: 10_000 })
      answers++
    }
  })()
  await says('one')

  await context.test('from the next message on; what runs ends as it began, and no connection does', async () => {
    const begun = client.request('wait', 1_500)
    await until(() => answers > 10)
    await module.answer('two')
    await says('two')
    assert.equal(await begun, 'one')
    assert.deepEqual(states, [])
  })

  await context.test('a route that is new is there, and one that is gone says so', async () => {
    await module.answer('three', "message('more').handle(() => 'more'),")
    await says('three')
    await until(async () => (await client.request('more').catch(() => undefined)) === 'more')
  })

  await context.test('what does not load changes nothing, and the next that does is served', async () => {
    await module.write('routes.ts', 'export const routes = [')
    await until(() => installation.processes.some(each => each.stderr.includes('do not load')), { timeoutMs: 20_000 })
    assert.equal(await client.request('say'), 'three')
    await module.answer('four')
    await says('four')
  })

  ended = true
  await load
  assert.ok(answers > 100)
})
