import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { backendTest } from '@causeway/test-backends'
import { chromium } from 'playwright-core'
import { Inbox } from './inbox.ts'
import { Installation } from './installation.ts'

/** Chromium's sandbox wants rights that a container may not have. */
const ARGUMENTS = ['--no-sandbox', '--disable-dev-shm-usage']
const README_ADDRESS = '127.0.0.1:7401'

/** What the README tells to paste into a browser's console. */
function consoleSnippet(): string {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
  const snippet = /```js\n(const socket = new WebSocket[\s\S]*?)```/.exec(readme)?.[1]
  assert.ok(snippet, 'the README has a snippet for the console')
  return snippet
}

backendTest(
  "the README's snippet in a browser's console gets its echo",
  { chromium: true },
  async (_context, { chromium: executablePath }) => {
    await using installation = await Installation.make({ kind: 'embedded' })
    const gateway = await installation.start()
    const browser = await chromium.launch({ executablePath, args: ARGUMENTS })
    try {
      const page = await browser.newPage()
      const printed = new Inbox<string>()
      page.on('console', message => printed.add(message.text()))
      await page.goto(`${gateway.http}/readyz`)
      await page.addScriptTag({ content: consoleSnippet().replace(README_ADDRESS, new URL(gateway.http).host) })
      await printed.take('the handshake', line => line.includes('"type":"syn_ack"'))
      await printed.take('the acknowledgement', line => line === '{"type":"ack","id":1}')
      const response = JSON.parse(await printed.take('the response', line => line.includes('"type":"response"'))) as Record<string, unknown>
      assert.deepEqual([response.id, response.seq, response.payload], [1, 1, { hello: 1 }])
    } finally {
      await browser.close()
    }
  },
)
