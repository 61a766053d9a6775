/** The page's style: light and dark, one column on a phone. States show by word and sign, then by colour. */
export const pageStyle = `
:root {
  --back: #f5f6f8; --card: #fff; --ink: #16191d; --soft: #57606b; --line: #d9dde3; --curve: #2563b0; --link: #1a56a8;
  --ok: #17693a; --ok-back: #e3f4e9; --warn: #7a4b00; --warn-back: #fff0cf; --bad: #fff; --bad-back: #b3161b; --bad-ink: #b3161b;
}
@media (prefers-color-scheme: dark) {
  :root {
    --back: #101317; --card: #191d23; --ink: #e8eaed; --soft: #9aa4b0; --line: #2d333c; --curve: #6fa8f5; --link: #8ab8ff;
    --ok: #7fd6a0; --ok-back: #12301f; --warn: #ffd479; --warn-back: #3a2a05; --bad: #fff; --bad-back: #c6262b; --bad-ink: #ff8a8d;
  }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body { margin: 0 auto; padding: 0 1.25rem 2rem; max-width: 80rem; background: var(--back); color: var(--ink);
  font: 15px/1.45 system-ui, sans-serif; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
h1 { margin: 0; font-size: 1.25rem; }
h2 { margin: 0 0 .5rem; font-size: 1rem; }
ul { margin: 0; padding: 0; list-style: none; }
a { color: var(--link); }
a:focus-visible, .scroll:focus-visible { outline: 3px solid var(--curve); outline-offset: 2px; border-radius: 3px; }
header { display: flex; flex-wrap: wrap; align-items: baseline; gap: .25rem 1rem; padding: 1rem 0; }
header p { margin: 0; color: var(--soft); }
nav { display: flex; flex-wrap: wrap; gap: .25rem 1rem; margin-left: auto; }
main > section { margin-bottom: 1.25rem; }
footer { color: var(--soft); font-size: .875rem; }
footer p { margin: .25rem 0; }

#silence { position: sticky; top: 0; z-index: 1; margin-bottom: 1rem; padding: .9rem 1.1rem; border-radius: 8px;
  background: var(--bad-back); color: var(--bad); font-size: 1.125rem; font-weight: 600; }
#silence::before { content: '✕ '; content: '✕ ' / ''; }
.silent #verdict h2::before { content: 'Last known: '; }
.silent main { opacity: .55; filter: grayscale(1); }

#verdict { padding: .9rem 1.1rem; border-radius: 8px; border: 2px solid var(--line); background: var(--card); }
#verdict h2 { margin: 0; font-size: 1.25rem; }
#verdict h2::before { margin-right: .5rem; }
#verdict.ok { border-color: var(--ok); }
#verdict.ok h2 { color: var(--ok); }
body:not(.silent) #verdict.ok h2::before { content: '✓'; content: '✓' / ''; }
#verdict.warn { border-color: var(--warn); background: var(--warn-back); color: var(--warn); }
body:not(.silent) #verdict.warn h2::before { content: '!'; content: '!' / ''; }
#verdict.bad { border-color: var(--bad-back); background: var(--bad-back); color: var(--bad); }
body:not(.silent) #verdict.bad h2::before { content: '✕'; content: '✕' / ''; }
#problems li { margin-top: .35rem; font-size: 1.0625rem; }
#problems li.bad { font-weight: 600; }

.parts { display: flex; flex-wrap: wrap; gap: .75rem; }
.parts li { flex: 1 1 14rem; padding: .7rem .9rem; border: 1px solid var(--line); border-radius: 8px; background: var(--card); }
.parts li.bad { border: 2px solid var(--bad-back); }
.parts b { margin-right: .5rem; text-transform: capitalize; }
.parts p { margin: .25rem 0 0; color: var(--soft); font-size: .875rem; }
.parts li.bad p { color: var(--ink); }

.state { display: inline-block; padding: 0 .5em; border-radius: 4px; font-weight: 600; font-size: .875rem; white-space: nowrap; }
.state.ok { background: var(--ok-back); color: var(--ok); }
.state.ok::before { content: '✓ '; content: '✓ ' / ''; }
.state.warn { background: var(--warn-back); color: var(--warn); }
.state.warn::before { content: '! '; content: '! ' / ''; }
.state.bad { background: var(--bad-back); color: var(--bad); }
.state.bad::before { content: '✕ '; content: '✕ ' / ''; }
.state.gone { border: 1px dashed var(--soft); color: var(--soft); }

.tiles { display: grid; grid-template-columns: repeat(4, minmax(0, 1fr)); gap: .75rem; }
.tiles li { padding: .7rem .9rem .5rem; border: 1px solid var(--line); border-radius: 8px; background: var(--card); }
.tiles h3 { margin: 0; font-size: .875rem; font-weight: 400; color: var(--soft); }
.tiles .value { margin: 0; font-size: 1.5rem; font-weight: 600; line-height: 1.3; overflow-wrap: normal; }
.tiles .peak { margin: 0; font-size: .8125rem; color: var(--soft); }
.tiles svg { display: block; width: 100%; height: 2rem; margin-top: .15rem; }
.tiles path { fill: none; stroke: var(--curve); stroke-width: 1.5; vector-effect: non-scaling-stroke; stroke-linejoin: round; stroke-linecap: round; }

.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 8px; background: var(--card); }
table { width: 100%; border-collapse: collapse; font-size: .9375rem; }
th, td { padding: .4rem .55rem; text-align: right; white-space: nowrap; }
th { color: var(--soft); font-size: .875rem; font-weight: 400; }
th:first-child, td:first-child { padding-left: .9rem; }
th:last-child, td:last-child { padding-right: .9rem; }
th:first-child, td:first-child, th.text, td.text { text-align: left; }
tbody tr { border-top: 1px solid var(--line); }
tbody tr.bad td { box-shadow: inset 0 2px var(--bad-back), inset 0 -2px var(--bad-back); }
tbody tr.gone { color: var(--soft); }
td .alert { font-weight: 700; color: var(--bad-ink); }
td .alert::before { content: '! '; content: '! ' / ''; }
.none { margin: 0; padding: .7rem .9rem; color: var(--soft); }

.totals { display: grid; grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr)); gap: .75rem; margin: 0; }
.totals div { padding: .6rem .9rem; border: 1px solid var(--line); border-radius: 8px; background: var(--card); }
.totals dt { color: var(--soft); font-size: .875rem; }
.totals dd { margin: 0; font-weight: 600; }

@media (max-width: 40rem) {
  body { padding: 0 .75rem 1.5rem; }
  nav { margin-left: 0; }
  nav a { padding: .25rem 0; }
  .tiles, .totals { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  table, tbody { display: block; }
  tbody tr { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); grid-auto-flow: dense; gap: 0 1rem; padding: .5rem .75rem; }
  tbody tr:first-child { border-top: 0; }
  tbody tr.bad { box-shadow: inset 4px 0 var(--bad-back); }
  tbody tr.bad td { box-shadow: none; }
  td, td:first-child, td:last-child { display: flex; justify-content: space-between; gap: .5rem; padding: .1rem 0; text-align: right; white-space: normal; }
  td > * { white-space: nowrap; }
  td.text > :not(.state) { white-space: normal; }
  td::before { content: attr(data-label); content: attr(data-label) / ''; color: var(--soft); white-space: nowrap; }
  td:first-child { grid-column: 1 / -1; font-weight: 600; }
  td:first-child::before { content: none; }
  td.wide { grid-column: 1 / -1; }
}
`
