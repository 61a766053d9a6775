/** The page's script: how figures and times are written. Runs in the browser, as the parts that follow it. */
export const formatScript = `
'use strict'
const UNKNOWN = '–'
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const tenths = new Intl.NumberFormat('en', { maximumFractionDigits: 1 })
const hundredths = new Intl.NumberFormat('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 })

const known = value => typeof value === 'number' && Number.isFinite(value)
const count = value => known(value) ? whole.format(value) : UNKNOWN
const perSecond = value => known(value) ? (value < 10 ? tenths : whole).format(value) + '/s' : UNKNOWN
const bytes = value => known(value) ? whole.format(value / 2 ** 20) + ' MiB' : UNKNOWN

function millis(value) {
  if (!known(value)) return UNKNOWN
  if (value >= 10000) return tenths.format(value / 1000) + ' s'
  return (value < 10 ? hundredths : value < 100 ? tenths : whole).format(value) + ' ms'
}

/** Time of day; with the date where it isn't today. */
function clock(at) {
  if (!known(at)) return UNKNOWN
  const date = new Date(at)
  const time = date.toLocaleTimeString('en-GB')
  return date.toDateString() === new Date().toDateString() ? time : date.toLocaleDateString('en-CA') + ' ' + time
}

function lasting(ms) {
  if (!known(ms)) return UNKNOWN
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 120) return seconds + ' s'
  if (seconds < 7200) return Math.round(seconds / 60) + ' min'
  return seconds < 172800 ? Math.round(seconds / 3600) + ' h' : Math.round(seconds / 86400) + ' days'
}

const plural = (number, one, many) => count(number) + ' ' + (number === 1 ? one : many)
const sum = (list, read) => list.reduce((total, item) => total + (read(item) ?? 0), 0)
`
