import { message, service } from '@causeway/consumers'

type Schema = NonNullable<NonNullable<Parameters<typeof service>[2]>['config']>

/** `limit`, if it is there, is a number up to 100. */
const schema: Schema = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate(value) {
      const { limit = 0 } = value as { limit?: unknown }
      if (typeof limit === 'number' && limit <= 100) return { value }
      return { issues: [{ message: 'expected a number up to 100', path: ['limit'] }] }
    },
  },
}

const heard: unknown[] = []

/** `limit` answers the key and every change of it; `stuck` never answers; `broken` counts its attempts, and fails. */
export default service(
  `configured-${process.env.CAUSEWAY_TEST_SERVICE}`,
  [
    message('limit').handle((_input, ctx) => ({ limit: ctx.config('limit', 10), heard })),
    message('stuck').handle((_input, ctx) => new Promise(resolve => ctx.signal.addEventListener('abort', resolve))),
    message('broken', { retry: { attempts: 4, min: 1, max: 1 } }).handle((_input, ctx) => {
      throw new Error(`attempt ${ctx.attempt}`)
    }),
  ],
  { config: schema },
).onConfig('limit', (value, before) => heard.push([before ?? null, value ?? null]))
