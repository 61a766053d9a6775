/** The page's fixed markup: places that the script fills by their ids. */
export const pageBody = `<header>
  <h1>Causeway</h1>
  <p id="mode"></p>
  <nav aria-label="Elsewhere">
    <a href="/queues">Retries and dead letters</a>
    <a href="/metrics">Metrics</a>
    <a href="/api/overview">Overview as JSON</a>
    <a href="/api/routes">Routes</a>
    <a href="/api/lag">Lag by partition</a>
  </nav>
</header>
<div id="silence" role="alert" hidden></div>
<main>
  <section id="verdict" class="unknown" role="status">
    <h2 id="verdict-title">Asking the gateway…</h2>
    <ul id="problems"></ul>
  </section>
  <section aria-label="Dependencies"><ul id="dependencies" class="parts"></ul></section>
  <section aria-label="Key figures"><ul id="tiles" class="tiles"></ul></section>
  <section><h2>Services</h2><div class="scroll" id="services"></div></section>
  <section><h2>Gateways</h2><div class="scroll" id="gateways"></div></section>
  <section><h2>Workers</h2><div class="scroll" id="workers"></div></section>
  <section><h2>Messages since the store began, by outcome</h2><dl id="totals" class="totals"></dl></section>
</main>
<footer>
  <p>Figures of <time id="read-at">–</time>, in this browser's time zone. Curves show the last two minutes.</p>
  <p>docs/operations.md says what each figure means and what to do about it; docs/errors.md lists every error.</p>
</footer>
<noscript>This page needs scripts. The same figures: <a href="/api/overview">/api/overview</a>.</noscript>`
