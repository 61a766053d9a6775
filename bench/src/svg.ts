// What all charts share.

/** Colours that stand on a light and on a dark page: GitHub shows an SVG by the reader's setting. */
export const TEXT_STYLE = {
  light: 'text{font:13px system-ui,sans-serif;fill:#1f2328}.t{font-weight:600;font-size:15px}.u{fill:#59636e;font-size:12px}',
  dark: 'text{fill:#f0f6fc}.u{fill:#9198a1}',
} as const

/** The opening of a chart with its title and what its numbers count; px. */
export const svgHead = (width: number, height: number, style: string, title: string, unit: string): string[] => [
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}">`,
  `<style>${style}</style>`,
  `<text class="t" x="8" y="20">${escaped(title)}</text>`,
  `<text class="u" x="8" y="38">${escaped(unit)}</text>`,
]

/** To a tenth of a pixel. */
export const tenth = (px: number): number => Math.round(px * 10) / 10

export const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
