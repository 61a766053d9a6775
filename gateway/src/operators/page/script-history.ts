/** The page's script: what it remembers, which is the figures of two minutes for the curves, and processes that went away. */
export const historyScript = `
const HISTORY_MS = 120000
/** A pause in the figures longer than this is a gap in the curve. */
const GAP_MS = 3500
/** How long a process that is gone stays on the page. */
const GONE_MS = 300000
const SVG = 'http://www.w3.org/2000/svg'

const history = []
const lastSeen = new Map()

function remember(sample) {
  history.push(sample)
  while (history[0].at < sample.at - HISTORY_MS) history.shift()
}

/** The processes of a kind, those that went away in the last minutes included, marked by goneSince. */
function withGone(kind, present, now) {
  for (const process of present) lastSeen.set(kind + process.id, { kind, process, at: now })
  const ids = new Set(present.map(process => process.id))
  const gone = []
  for (const [key, seen] of lastSeen) {
    if (now - seen.at > GONE_MS) lastSeen.delete(key)
    else if (seen.kind === kind && !ids.has(seen.process.id)) gone.push({ ...seen.process, goneSince: seen.at })
  }
  return [...present, ...gone]
}

function makeCurve() {
  const svg = document.createElementNS(SVG, 'svg')
  svg.setAttribute('viewBox', '0 0 120 32')
  svg.setAttribute('preserveAspectRatio', 'none')
  svg.setAttribute('role', 'img')
  svg.appendChild(document.createElementNS(SVG, 'path'))
  return svg
}

/** Draws a figure of the last two minutes from 0 to its peak, now at the right; returns the peak, undefined where nothing is known. */
function drawCurve(svg, read, now) {
  const points = history.filter(sample => known(read(sample)))
  const peak = points.length === 0 ? undefined : Math.max(...points.map(read))
  let path = ''
  let before = -Infinity
  for (const sample of points) {
    const x = 120 - (now - sample.at) * 120 / HISTORY_MS
    const y = peak === 0 ? 30 : 30 - read(sample) * 28 / peak
    const pen = sample.at - before > GAP_MS ? 'M' : 'L'
    path += pen + x.toFixed(1) + ' ' + y.toFixed(1) + (pen === 'M' ? 'h.1' : '')
    before = sample.at
  }
  svg.firstElementChild.setAttribute('d', path)
  return peak
}
`
