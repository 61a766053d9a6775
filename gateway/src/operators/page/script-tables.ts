/** The page's script: filling the document. Rows are kept by key and changed in place, so that focus and a reader's place stay; all data goes in as text. */
export const tablesScript = `
const byId = id => document.getElementById(id)

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text
}

function setClass(element, name) {
  if (element.className !== name) element.className = name
}

function make(tag, className = '', text = '') {
  const element = document.createElement(tag)
  if (className !== '') element.className = className
  if (text !== '') element.textContent = text
  return element
}

/** Children of parent in the order of items, made once for each key and filled each time. */
function fillList(parent, items, keyOf, create, fill) {
  const before = new Map([...parent.children].map(child => [child.dataset.key, child]))
  items.forEach((item, index) => {
    const key = keyOf(item)
    let child = before.get(key)
    before.delete(key)
    if (child === undefined) {
      child = create(item)
      child.dataset.key = key
    }
    if (parent.children[index] !== child) parent.insertBefore(child, parent.children[index] ?? null)
    fill(child, item)
  })
  for (const child of before.values()) child.remove()
}

/** A cell's value is a text, or {text, state} for a badge, {text, alert} for a figure that must be seen, {text, href} for a link. */
function fillCell(cell, value) {
  const parts = typeof value === 'string' ? { text: value } : value
  const tag = parts.href === undefined ? 'span' : 'a'
  let inner = cell.firstElementChild
  if (inner === null || inner.localName !== tag) {
    inner = make(tag)
    cell.replaceChildren(inner)
  }
  setText(inner, parts.text)
  setClass(inner, parts.state === undefined ? (parts.alert ? 'alert' : '') : 'state ' + parts.state)
  if (tag === 'a' && inner.getAttribute('href') !== parts.href) inner.setAttribute('href', parts.href)
}

function makeTable(caption, columns) {
  const table = make('table')
  table.setAttribute('role', 'table')
  table.setAttribute('aria-label', caption)
  const row = table.appendChild(make('thead')).appendChild(make('tr'))
  for (const { title, className } of columns) {
    const head = row.appendChild(make('th', className, title))
    head.scope = 'col'
  }
  table.appendChild(make('tbody')).setAttribute('role', 'rowgroup')
  return table
}

function makeRow(columns) {
  const row = make('tr')
  row.setAttribute('role', 'row')
  for (const { title, className } of columns) {
    const cell = row.appendChild(make('td', className))
    cell.dataset.label = title
    cell.setAttribute('role', 'cell')
  }
  return row
}

/** A table in its place, or a line that says why there is none. */
function fillTable(place, caption, none, columns, rows, keyOf, stateOf) {
  if (rows.length === 0) {
    if (place.firstElementChild?.className !== 'none') place.replaceChildren(make('p', 'none'))
    setText(place.firstElementChild, none)
    place.removeAttribute('tabindex')
    return
  }
  let table = place.querySelector('table')
  if (table === null) {
    table = makeTable(caption, columns)
    place.replaceChildren(table)
    place.tabIndex = 0
    place.setAttribute('role', 'group')
    place.setAttribute('aria-label', caption)
  }
  fillList(table.tBodies[0], rows, keyOf, () => makeRow(columns), (row, item) => {
    setClass(row, stateOf(item))
    columns.forEach((column, index) => fillCell(row.cells[index], column.value(item)))
  })
}
`
