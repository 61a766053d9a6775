import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Folder for NODE_COMPILE_CACHE of processes that tests start, the caller's where it has one: sources compiled before are half of a start. Node holds each against its source. */
export const COMPILE_CACHE = process.env.NODE_COMPILE_CACHE ?? join(tmpdir(), 'causeway-compile-cache')
