// Loaded before `causeway` (node --import): changes the source of modules as one seeded bug says, when they are loaded.
import { registerHooks } from 'node:module'
import { BUGS } from './bugs.ts'
import { changed, fileUrl } from './edit.ts'
import { BUG } from './seed.ts'

const bug = BUGS.find(({ name }) => name === process.env[BUG])
if (bug === undefined)
  throw new Error(`${BUG}=${process.env[BUG]}: no such bug; expected one of ${BUGS.map(({ name }) => name).join(', ')}`)

registerHooks({
  load(url, context, next) {
    const loaded = next(url, context)
    const edits = bug.edits.filter(({ file }) => fileUrl(file) === url)
    if (edits.length === 0) return loaded
    return { ...loaded, source: changed(String(loaded.source), edits) }
  },
})
