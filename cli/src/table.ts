export interface Column<T> {
  title: string
  read: (row: T) => string | number
  /** Longest text; a longer one is cut. */
  most?: number
}

/** Rows under their titles, columns apart by two spaces; numbers to the right. Cuts the last column to `width`. */
export function table<T>(
  rows: readonly T[],
  columns: readonly Column<T>[],
  width = process.stdout.columns ?? Number.POSITIVE_INFINITY,
): string[] {
  const cells = rows.map(row => columns.map(({ read, most }) => cut(plain(read(row)), most)))
  const widths = columns.map(({ title }, index) => Math.max(title.length, ...cells.map(line => line[index].length)))
  const isNumber = columns.map(({ read }) => rows.length > 0 && rows.every(row => typeof read(row) === 'number'))
  const line = (texts: readonly string[]): string => {
    const padded = texts.map((text, index) => (isNumber[index] ? text.padStart(widths[index]) : text.padEnd(widths[index])))
    return cut(padded.join('  ').trimEnd(), width)
  }
  return [line(columns.map(({ title }) => title)), ...cells.map(line)]
}

export const cut = (text: string, most = Number.POSITIVE_INFINITY): string => (text.length <= most ? text : `${text.slice(0, most - 1)}…`)

/** What comes from outside must not steer the terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: controls are what is taken out
export const plain = (value: string | number): string => String(value).replaceAll(/[\u0000-\u001f\u007f-\u009f]+/g, ' ')

/** How long ago, for people. */
export function age(at: number, now: number): string {
  const seconds = Math.max(0, Math.round((now - at) / 1_000))
  if (seconds < 120) return `${seconds} s`
  if (seconds < 7_200) return `${Math.floor(seconds / 60)} min`
  return seconds < 172_800 ? `${Math.floor(seconds / 3_600)} h` : `${Math.floor(seconds / 86_400)} d`
}
