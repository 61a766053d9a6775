import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec'
import { bytes, type InputSpec } from '../route.ts'

/** JSON Schema 2020-12. */
export type JsonSchema = Record<string, unknown>

const ANYTHING: JsonSchema = {}

/** The same schema where it stands in another document: references to itself begin with the pointer to that place. */
export function placed(schema: JsonSchema, pointer: string): JsonSchema {
  const rebased = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(rebased)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => {
        const isReference = key === '$ref' && typeof inner === 'string' && inner.startsWith('#')
        return [key, isReference ? pointer + inner.slice(1) : rebased(inner)]
      }),
    )
  }
  return rebased(schema) as JsonSchema
}

/** What a client sends to a route. A schema that can't be said in JSON Schema, or a library that has no Standard JSON Schema, lets anything pass. */
export function inputSchema(input: InputSpec): JsonSchema {
  if (input === undefined) return ANYTHING
  return input === bytes ? { description: 'bytes as sent' } : schemaOf(input, 'input')
}

export const outputSchema = (output: StandardSchemaV1 | undefined): JsonSchema =>
  output === undefined ? ANYTHING : schemaOf(output, 'output')

function schemaOf(schema: StandardSchemaV1, side: 'input' | 'output'): JsonSchema {
  const { jsonSchema } = schema['~standard'] as Partial<StandardJSONSchemaV1.Props>
  if (jsonSchema === undefined) return ANYTHING
  try {
    const { $schema: _, ...said } = jsonSchema[side]({ target: 'draft-2020-12' })
    return said
  } catch (error) {
    return { description: `not to be said in JSON Schema: ${(error as Error).message}` }
  }
}
