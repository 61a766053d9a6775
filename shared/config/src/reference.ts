import { ROUTE_POLICIES } from './document.ts'
import { type ConfigKey, flagOf, type Key, SCHEMA, variableOf } from './schema.ts'

/** docs/configuration.md, from the schema; a test holds the file against it. */
export function configurationReference(): string {
  const rows = (Object.keys(SCHEMA) as ConfigKey[]).map(name => {
    const { kind, default: standard, doc, hot } = SCHEMA[name] as Key<unknown>
    const shown = standard === undefined ? '' : `\`${JSON.stringify(standard)}\``
    const central = hot.map(role => `\`${role}\``).join(', ')
    return `| \`${name}\` | \`${variableOf(name)}\` | \`--${flagOf(name)}\` | ${kind.expected} | ${shown} | ${central} | ${doc} |`
  })
  const policies = Object.entries(ROUTE_POLICIES).map(([name, { example, doc }]) => `| \`${name}\` | \`${example}\` | ${doc} |`)
  return `${[
    '# Configuration',
    '',
    'Made from the schema in shared/config (`npm run docs`). Flags over environment over the central configuration over file (`CAUSEWAY_CONFIG`, YAML or JSON) over default.',
    'A wrong value or an unknown key ends the process with exit status 78 before it listens; the error names the key, the value and what was expected.',
    'A key with a word under *central* can be changed while processes run, in that section of the central document ([operations.md](operations.md), *Configuration while running*); any other takes effect only at start.',
    '',
    '| key | variable | flag | expected | default | central | what for |',
    '|-|-|-|-|-|-|-|',
    ...rows,
    '',
    '## The central document',
    '',
    '```yaml',
    'gateway: { logLevel: info, window: 256 }      # keys marked `gateway` above',
    'worker: { concurrency: 512 }                  # keys marked `worker`',
    'services:',
    '  orders:',
    "    config: { limit: 10 }                     # own keys of the service: ctx.config('limit', 5)",
    '    tracks: { stable: 90, canary: 10 }        # shares of sessions, by the track of workers',
    '    routes:',
    '      order.place: { timeout: 5s, retry: { attempts: 8 }, rate: { limit: 100 } }',
    '```',
    '',
    'What a route may be given there, each in place of what its code says:',
    '',
    '| policy | as | what |',
    '|-|-|-|',
    ...policies,
  ].join('\n')}\n`
}
