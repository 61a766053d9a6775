/** Tokens of the part of Lua 5.1 that our scripts use (no long strings, no goto). */
export type Token = { kind: 'name' | 'keyword' | 'number' | 'string' | 'symbol' | 'end'; text: string; line: number }

const KEYWORDS = new Set(
  'and break do else elseif end false for function if in local nil not or repeat return then true until while'.split(' '),
)
const PATTERN =
  /(\s+|--[^\n]*)|([A-Za-z_]\w*)|(\d+(?:\.\d+)?)|('(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")|(\.\.\.|\.\.|==|~=|<=|>=|[-+*/%#<>=(){}[\];:,.])/y
const ESCAPES: Record<string, string> = { n: '\n', r: '\r', t: '\t', '\\': '\\', "'": "'", '"': '"', '0': '\0' }

export function tokens(source: string): Token[] {
  const found: Token[] = []
  let line = 1
  PATTERN.lastIndex = 0
  while (PATTERN.lastIndex < source.length) {
    const at = PATTERN.lastIndex
    const match = PATTERN.exec(source)
    if (match === null) throw new SyntaxError(`Lua, line ${line}: ${JSON.stringify(source.slice(at, at + 20))} is not understood`)
    const [text, space, name, number, quoted] = match
    if (name !== undefined) found.push({ kind: KEYWORDS.has(name) ? 'keyword' : 'name', text: name, line })
    else if (number !== undefined) found.push({ kind: 'number', text: number, line })
    else if (quoted !== undefined) found.push({ kind: 'string', text: unquoted(quoted), line })
    else if (space === undefined) found.push({ kind: 'symbol', text: text!, line })
    line += text!.split('\n').length - 1
  }
  found.push({ kind: 'end', text: 'the end', line })
  return found
}

const unquoted = (quoted: string): string =>
  quoted.slice(1, -1).replace(/\\(.)/g, (_, escaped: string) => {
    const character = ESCAPES[escaped]
    if (character === undefined) throw new SyntaxError(`Lua: the escape \\${escaped} is not understood`)
    return character
  })
