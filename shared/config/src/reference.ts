import { type ConfigKey, flagOf, type Key, SCHEMA, variableOf } from './schema.ts'

/** docs/configuration.md, from the schema; a test holds the file against it. */
export function configurationReference(): string {
  const rows = (Object.keys(SCHEMA) as ConfigKey[]).map(name => {
    const { kind, default: standard, doc } = SCHEMA[name] as Key<unknown>
    const shown = standard === undefined ? '' : `\`${JSON.stringify(standard)}\``
    return `| \`${name}\` | \`${variableOf(name)}\` | \`--${flagOf(name)}\` | ${kind.expected} | ${shown} | ${doc} |`
  })
  return `${[
    '# Configuration',
    '',
    'Made from the schema in shared/config (`npm run docs`). Flags over environment over file (`CAUSEWAY_CONFIG`, YAML or JSON) over default.',
    'A wrong value or an unknown key ends the process with exit status 78 before it listens; the error names the key, the value and what was expected.',
    '',
    '| key | variable | flag | expected | default | what for |',
    '|-|-|-|-|-|-|',
    ...rows,
  ].join('\n')}\n`
}
