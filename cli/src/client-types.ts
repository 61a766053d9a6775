import type { AsyncApiDocument, JsonSchema } from '@causeway/consumers'
import { compile } from 'json-schema-to-typescript'

const BANNER = '/** The routes of services and what they take and answer. Made by `causeway routes --types`: connect<Routes>(url). */'

/** The types of a client, from the document of its routes: `Routes`, with `input` and `output` by route. */
export async function clientTypes({ channels }: AsyncApiDocument): Promise<string> {
  const routes = Object.entries(channels).map(([name, { messages }]) => {
    const { request, response } = messages
    const input = moved(request!.payload, name, 'request', 'input')
    const output = response === undefined ? { tsType: 'never' } : moved(response.payload, name, 'response', 'output')
    return [name, object({ input, output })] as const
  })
  return await compile(object(Object.fromEntries(routes)), 'Routes', {
    additionalProperties: false,
    bannerComment: BANNER,
    unknownAny: true,
    format: true,
    style: { semi: false, singleQuote: true, printWidth: 120 },
  })
}

const object = (properties: Record<string, JsonSchema>): JsonSchema => ({
  ...{ type: 'object', properties, required: Object.keys(properties), additionalProperties: false },
})

/** References into the document become references into the schema of all routes. */
function moved(schema: JsonSchema, route: string, message: string, side: string): JsonSchema {
  // a schema that says nothing lets anything pass
  if (Object.keys(schema).every(key => key === 'description')) return { ...schema, tsType: 'unknown' }
  const text = JSON.stringify(schema)
  return JSON.parse(
    text.replaceAll(`"#/channels/${route}/messages/${message}/payload`, `"#/properties/${route}/properties/${side}`),
  ) as JsonSchema
}
