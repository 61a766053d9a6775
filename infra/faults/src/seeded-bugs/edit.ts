import { readFileSync } from 'node:fs'

/** A change of one source file; `find` must be there exactly once. */
export interface Edit {
  /** From the repository's root. */
  file: string
  find: string
  replace: string
}

export const fileUrl = (file: string): string => new URL(`../../../../${file}`, import.meta.url).href

export const sourceOf = (file: string): string => readFileSync(new URL(fileUrl(file)), 'utf8')

/** The source with its bug. Throws where an edit doesn't fit any more: a proof that no longer seeds its bug proves nothing. */
export function changed(source: string, edits: readonly Edit[]): string {
  for (const { file, find, replace } of edits) {
    const found = source.split(find).length - 1
    if (found !== 1)
      throw new Error(`seeded bug: ${JSON.stringify(find)} is ${found} times in ${file}, expected once: fit the bug to the source`)
    source = source.replace(find, () => replace)
  }
  return source
}
