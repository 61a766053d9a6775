/** Makes docs/errors.md from the registry; a test holds the page against it. `node --conditions=source src/errors-doc.ts > ../../docs/errors.md` */
import type { ErrorEntry } from './errors.ts'
import { ERRORS } from './errors.ts'

const HEAD = `# Errors and close codes

Made from \`shared/protocol/src/errors.ts\` by \`npm run errors-doc --workspace @causeway/protocol\`; a test fails when the two differ.

An ERROR frame and a CLOSE frame carry \`{code, number, title, detail?, retryAfterMs?, traceId?}\`. The number is also the WebSocket close code.
From 4000 to 4499 a closed client connects again, with back-off; from 4500 to 4999 it doesn't.
*Retry* says whether the same message may simply be sent again: it had no effect, and a later try can succeed.
*HTTP* is the status of the same failure at \`/v1/messages\`. A number is never used again, even when its error is retired.
`

/** The text of docs/errors.md. */
export function errorsDoc(): string {
  const rows = Object.entries<ErrorEntry>(ERRORS).map(([name, entry]) => row(name, entry))
  return `${HEAD}\n| number | name | title | reconnect | retry | HTTP | what to do |\n|-|-|-|-|-|-|-|\n${rows.join('\n')}\n`
}

function row(name: string, { number, title, retryable, httpStatus, remedy }: ErrorEntry): string {
  const cells = [number, `\`${name}\``, title, number < 4500 ? 'yes' : 'no', retryable ? 'yes' : 'no', httpStatus ?? '', remedy]
  return `| ${cells.join(' | ')} |`
}

if (import.meta.main) console.log(errorsDoc().trimEnd())
