import assert from 'node:assert/strict'
import { Installation } from './installation.ts'
import { everywhere } from './places.ts'
import { CLOSE, V2Client } from './v2-client.ts'

everywhere('an operator', async (context, place) => {
  await using installation = await Installation.make(place)
  const gateway = await installation.start()
  const sessions = `${gateway.operators}api/sessions`

  await context.test('sees a session and ends it: its connection is closed, and it is no more', async () => {
    const { client, synAck } = await V2Client.open(gateway.port)
    using _ = client
    const id = synAck.session as string
    const shown = (await (await fetch(`${sessions}/${id}`)).json()) as { gateway: string; inFlight: number }
    assert.deepEqual([shown.gateway.slice(0, 3), shown.inFlight], ['gw-', 0])
    const listed = (await (await fetch(sessions)).json()) as { total: number; sessions: { session: string }[] }
    assert.ok(listed.sessions.some(({ session }) => session === id))
    const body = JSON.stringify({ reason: 'stuck device' })
    const closing = await fetch(`${sessions}/${id}/close`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    assert.equal(closing.status, 200)
    await client.take(CLOSE)
    assert.equal((await fetch(`${sessions}/${id}`)).status, 404)
    const { entries } = (await (await fetch(`${gateway.operators}api/audit`)).json()) as { entries: { action: string; reason: string }[] }
    assert.deepEqual([entries[0].action, entries[0].reason], ['close session', 'stuck device'])
  })
})
