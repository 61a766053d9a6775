import { type CallFrame, GARBAGE, PROGRAM } from './profile.ts'

/** A function as people read it. */
export interface FrameName {
  /** Of ours its folder's name, of others the library's; `node`, `native` or `GC`. */
  group: string
  /** `session.ts:120 settle`, behind the group. */
  place: string
  /** It is a library's. */
  isLibrary?: boolean
}

const ROOT = new URL('../../../', import.meta.url).href
/** Of a function without a name. */
export const ANONYMOUS = '(anonymous)'
const LIBRARIES = '/node_modules/'

/** Names a frame by the package it is in: no machine's paths. `caller` is the function below it; what is native often has no name of its own. */
export function frameName({ functionName, url, lineNumber }: CallFrame, caller: string): FrameName {
  const called = functionName === '' ? ANONYMOUS : functionName
  if (functionName === GARBAGE) return { group: 'GC', place: 'garbage collection' }
  if (functionName === PROGRAM) return { group: 'native', place: 'outside JavaScript' }
  if (url === '') return { group: 'node', place: functionName === '' ? `native in ${caller}` : `native ${called}` }
  if (url.startsWith('node:')) return { group: 'node', place: `${url.slice('node:'.length)}:${lineNumber + 1} ${called}` }
  const { file, ...whose } = fileName(url)
  return { ...whose, place: `${file}:${lineNumber + 1} ${called}` }
}

function fileName(url: string): Omit<FrameName, 'place'> & { file: string } {
  const library = url.lastIndexOf(LIBRARIES)
  if (library >= 0) {
    const parts = url.slice(library + LIBRARIES.length).split('/')
    const group = parts.splice(0, parts[0].startsWith('@') ? 2 : 1).join('/')
    return { group, file: parts.join('/'), isLibrary: true }
  }
  const parts = (url.startsWith(ROOT) ? url.slice(ROOT.length) : url.replace(/^.*\//, '')).split('/')
  const source = parts.indexOf('src')
  if (source < 1) return { group: 'causeway', file: parts.join('/') }
  return { group: parts[source - 1], file: parts.slice(source + 1).join('/') }
}
