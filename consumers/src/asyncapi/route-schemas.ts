import { type RouteSchema, SCHEMA_BYTES } from '@causeway/registry'
import type { Route } from '../route.ts'
import type { Service } from '../service.ts'
import { inputSchema, type JsonSchema, outputSchema } from './json-schema.ts'

export interface ToldSchemas {
  schemas: RouteSchema[]
  /** Routes whose schemas are too long to be told. */
  left: string[]
}

/** What the registry is told of a service's routes: those that have a schema. */
export function routeSchemas({ routes, track }: Pick<Service, 'routes' | 'track'>): ToldSchemas {
  const schemas = routes.filter(({ input, output }) => input !== undefined || output !== undefined).map(route => schemaOf(route, track))
  const isShort = (schema: RouteSchema): boolean => Buffer.byteLength(JSON.stringify(schema)) <= SCHEMA_BYTES
  return { schemas: schemas.filter(isShort), left: schemas.filter(schema => !isShort(schema)).map(({ route }) => route) }
}

function schemaOf({ name, input, output }: Route, track: string): RouteSchema {
  return { route: name, track, ...said('input', inputSchema(input)), ...said('output', outputSchema(output)) }
}

/** One that lets anything pass says nothing. */
const said = (side: 'input' | 'output', schema: JsonSchema): object => (Object.keys(schema).length === 0 ? {} : { [side]: schema })
