/** A table of the first row and those below it. */
export const markdownTable = ([header, ...rows]: readonly (readonly string[])[]): string =>
  [header, header.map(() => '-'), ...rows].map(cells => `| ${cells.join(' | ')} |`).join('\n')
