import { type TestContext, test } from 'node:test'
import { chromiumPath } from './chromium.ts'

/** What the test runner found or started, for the tests of every package. */
export interface TestBackends {
  /** `host:port` of a broker; undefined if there is none. Topics are shared between packages: name yours uniquely. */
  kafka?: string
  /** `host:port` of a Redis; undefined if there is none. Keys are shared between packages: prefix yours. */
  redis?: string
  /** Path of a Chromium. */
  chromium?: string
  /** True if a missing one is a failure (`CAUSEWAY_TEST_BACKENDS=required`), not a skip. */
  required: boolean
  /** Why something is missing, for the report; undefined if nothing is. */
  reason?: string
}

/** Names of what a test may need. */
export type BackendName = 'kafka' | 'redis' | 'chromium'

/** What one test needs. */
export type BackendNeeds = { readonly [name in BackendName]?: true }

/** The addresses a test asked for, and only those. */
export type BackendAddresses<Needs extends BackendNeeds> = { readonly [name in keyof Needs & BackendName]: string }

const NOT_STARTED = 'not started: run `npm test` at the root, or `npm run backends` and export what it prints'

/** Reads what `npm test` and `npm run backends` export. `environment` defaults to this process's. */
export function testBackends(environment: NodeJS.ProcessEnv = process.env): TestBackends {
  const found = {
    kafka: environment.CAUSEWAY_TEST_KAFKA || undefined,
    redis: environment.CAUSEWAY_TEST_REDIS || undefined,
    chromium: chromiumPath(environment),
  }
  const reasons = (['kafka', 'redis', 'chromium'] as const)
    .filter(name => found[name] === undefined)
    .map(name => missingReason(name, environment))
  return {
    ...found,
    required: environment.CAUSEWAY_TEST_BACKENDS === 'required',
    reason: reasons.length === 0 ? undefined : reasons.join('; '),
  }
}

function missingReason(name: BackendName, environment: NodeJS.ProcessEnv): string {
  if (name === 'chromium') return 'no chromium: apt-get install chromium, or name one in CAUSEWAY_TEST_CHROMIUM'
  return `no ${name}: ${environment[`CAUSEWAY_TEST_${name.toUpperCase()}_MISSING`] || NOT_STARTED}`
}

/**
 * A node:test case that needs real parts: `fn` gets their addresses. Where one is missing it is skipped with the reason,
 * or fails if `CAUSEWAY_TEST_BACKENDS=required`.
 *
 *     backendTest('keeps order per key', { kafka: true }, async (t, { kafka }) => { … })
 */
export function backendTest<const Needs extends BackendNeeds>(
  name: string,
  needs: Needs,
  fn: (context: TestContext, addresses: BackendAddresses<Needs>) => Promise<void> | void,
): void {
  const backends = testBackends()
  const needed = (Object.keys(needs) as BackendName[]).filter(need => needs[need])
  const missing = needed.filter(need => backends[need] === undefined)
  if (missing.length === 0) {
    const addresses = Object.fromEntries(needed.map(need => [need, backends[need]])) as BackendAddresses<Needs>
    test(name, context => fn(context, addresses))
    return
  }
  const reason = missing.map(need => missingReason(need, process.env)).join('; ')
  if (!backends.required) test(name, { skip: reason }, () => {})
  else {
    test(name, () => {
      throw new Error(`${reason} (and CAUSEWAY_TEST_BACKENDS=required)`)
    })
  }
}
