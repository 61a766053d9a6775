import { pageBody } from './page/page-body.ts'
import { pageStyle } from './page/page-style.ts'
import { formatScript } from './page/script-format.ts'
import { historyScript } from './page/script-history.ts'
import { liveScript } from './page/script-live.ts'
import { problemsScript } from './page/script-problems.ts'
import { tablesScript } from './page/script-tables.ts'

/** Nothing from elsewhere, whatever a figure's text says: styles and script of the page itself, figures of its own host. */
const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'"

const script = [formatScript, tablesScript, historyScript, problemsScript, liveScript].join('\n')

/**
 * Port 7402, /: the first live page. It asks /api/overview every second and shows what is wrong first, then every part and figure.
 * One document without requests to anywhere else. Data enters as text alone, never as markup.
 */
export const operatorsPage = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="content-security-policy" content="${POLICY}">
<link rel="icon" href="data:,">
<title>Causeway</title>
<style>${pageStyle}</style>
</head>
<body class="waiting">
${pageBody}
<script>${script}</script>
</body>
</html>
`
