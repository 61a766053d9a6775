import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Logger } from '@causeway/telemetry'
import { Counters } from '../counters.ts'
import { ALIKE_LOG_MS } from '../limits.ts'
import { BarredConnections } from './listener-barred.ts'

test('each is counted; one in ten seconds is logged for its reason, with how many it stands for', () => {
  const lines: [string, Record<string, unknown>][] = []
  const keep = (level: string) => (line: object) => void lines.push([level, line as Record<string, unknown>])
  const counters = new Counters()
  const barred = new BarredConnections(
    { counters, logger: { warn: keep('warn'), debug: keep('debug') } as unknown as Logger },
    () => 'vmol:7411',
  )
  for (let at = 0; at < 50; at++) barred.add('address', `192.0.2.1:${at}`, undefined, at)
  barred.add('tls', undefined, 'ECONNRESET', 60)
  barred.add('address', '192.0.2.2:1', undefined, ALIKE_LOG_MS)
  assert.deepEqual(counters.barred, { address: 51, tls: 1 })
  assert.deepEqual(
    lines.map(([level, { listener, remote, alikeBefore }]) => [level, listener, remote, alikeBefore]),
    [
      ['warn', 'vmol:7411', '192.0.2.1:0', 0],
      ['debug', 'vmol:7411', undefined, 0],
      ['warn', 'vmol:7411', '192.0.2.2:1', 49],
    ],
  )
})
