import { type Token, tokens } from './lua-lexer.ts'

/**
 * Compiles the part of Lua 5.1 that our scripts use to JavaScript: one pass, no tree. A Lua function becomes a JavaScript function that
 * returns undefined or an array of its values; nil is undefined; every operation whose meaning differs is a call of the runtime `L`.
 */
export function compileLua(source: string): string {
  return new Compiler(tokens(source)).chunk()
}

/** Binding powers, left and right (Lua 5.1 manual, section 2.5.6). */
const BINARY: Record<string, readonly [number, number]> = {
  or: [1, 1],
  and: [2, 2],
  '<': [3, 3],
  '>': [3, 3],
  '<=': [3, 3],
  '>=': [3, 3],
  '~=': [3, 3],
  '==': [3, 3],
  '..': [5, 4],
  '+': [6, 6],
  '-': [6, 6],
  '*': [7, 7],
  '/': [7, 7],
  '%': [7, 7],
}
const UNARY_POWER = 8
const BLOCK_ENDS = new Set(['end', 'else', 'elseif', 'until', 'the end'])

/** An expression; `many` where it may give several values: then `code` is the array, or undefined. */
interface Expression {
  code: string
  many?: boolean
  /** Code that stores a value given as code. */
  store?: (value: string) => string
}

class Compiler {
  readonly #tokens: readonly Token[]
  #at = 0
  #scopes: Set<string>[] = [new Set()]

  constructor(given: readonly Token[]) {
    this.#tokens = given
  }

  chunk(): string {
    return this.#block()
  }

  get #next(): Token {
    return this.#tokens[this.#at]!
  }

  #is(text: string): boolean {
    const { kind } = this.#next
    return this.#next.text === text && kind !== 'string' && kind !== 'name'
  }

  #accept(text: string): boolean {
    if (!this.#is(text)) return false
    this.#at++
    return true
  }

  #expect(text: string): void {
    if (!this.#accept(text)) throw this.#unexpected(text)
  }

  #unexpected(expected: string): SyntaxError {
    return new SyntaxError(`Lua, line ${this.#next.line}: ${this.#next.text} where ${expected} is expected`)
  }

  #name(): string {
    if (this.#next.kind !== 'name') throw this.#unexpected('a name')
    return this.#tokens[this.#at++]!.text
  }

  #declare(name: string): string {
    this.#scopes.at(-1)!.add(name)
    return `$${name}`
  }

  #block(): string {
    this.#scopes.push(new Set())
    const statements: string[] = []
    while (!BLOCK_ENDS.has(this.#next.text) || this.#next.kind === 'string') {
      const returns = this.#is('return')
      statements.push(this.#statement())
      this.#accept(';')
      if (returns) break
    }
    this.#scopes.pop()
    return `{${statements.join(';\n')}}`
  }

  #statement(): string {
    if (this.#accept('local')) return this.#accept('function') ? this.#localFunction() : this.#local()
    if (this.#accept('if')) return this.#if()
    if (this.#accept('while')) {
      const condition = this.#condition()
      this.#expect('do')
      return `while(${condition})${this.#blockEnd()}`
    }
    if (this.#accept('for')) return this.#for()
    if (this.#accept('do')) return this.#blockEnd()
    if (this.#accept('return')) return this.#return()
    if (this.#accept('break')) return 'break'
    return this.#assignmentOrCall()
  }

  #blockEnd(): string {
    const block = this.#block()
    this.#expect('end')
    return block
  }

  #localFunction(): string {
    const name = this.#declare(this.#name())
    return `const ${name}=${this.#functionBody()}`
  }

  #local(): string {
    const names = [this.#name()]
    while (this.#accept(',')) names.push(this.#name())
    const values = this.#accept('=') ? this.#list() : []
    const declared = names.map(name => this.#declare(name))
    if (values.length === 0) return `let ${declared.join(',')}`
    if (names.length === 1 && values.length === 1) return `let ${declared[0]}=${single(values[0]!)}`
    return `let [${declared.join(',')}]=${array(values)}`
  }

  #if(): string {
    const condition = this.#condition()
    this.#expect('then')
    const code = `if(${condition})${this.#block()}`
    if (this.#accept('elseif')) return `${code}else ${this.#if()}`
    if (this.#accept('else')) return `${code}else ${this.#blockEnd()}`
    this.#expect('end')
    return code
  }

  #condition(): string {
    return `L.truthy(${single(this.#expression())})`
  }

  #for(): string {
    const names = [this.#name()]
    if (this.#accept('=')) return this.#numericFor(names[0]!)
    while (this.#accept(',')) names.push(this.#name())
    this.#expect('in')
    const iterated = array(this.#list())
    this.#expect('do')
    return this.#loopBody(names, declared => `for(const [${declared.join(',')}] of L.each(${iterated}))`)
  }

  #numericFor(name: string): string {
    const [from, to, step] = this.#list().map(single)
    this.#expect('do')
    return this.#loopBody([name], ([declared]) => `for(const ${declared} of L.count(${from},${to},${step ?? '1'}))`)
  }

  #loopBody(names: readonly string[], head: (declared: string[]) => string): string {
    this.#scopes.push(new Set())
    const code = head(names.map(name => this.#declare(name))) + this.#blockEnd()
    this.#scopes.pop()
    return code
  }

  #return(): string {
    if (BLOCK_ENDS.has(this.#next.text) || this.#is(';')) return 'return'
    return `return ${array(this.#list())}`
  }

  #assignmentOrCall(): string {
    const first = this.#suffixed()
    if (first.store === undefined) {
      if (!first.many) throw this.#unexpected('a statement')
      return first.code
    }
    const targets = [first.store]
    while (this.#accept(',')) {
      const { store } = this.#suffixed()
      if (store === undefined) throw this.#unexpected('something to assign to')
      targets.push(store)
    }
    this.#expect('=')
    const values = this.#list()
    if (targets.length === 1 && values.length === 1) return targets[0]!(single(values[0]!))
    return `{const values=${array(values)};${targets.map((store, index) => store(`values[${index}]`)).join(';')}}`
  }

  #list(): Expression[] {
    const list = [this.#expression()]
    while (this.#accept(',')) list.push(this.#expression())
    return list
  }

  #expression(least = 0): Expression {
    let left = this.#unary()
    for (;;) {
      const operator = this.#next.kind === 'string' || this.#next.kind === 'name' ? '' : this.#next.text
      const power = BINARY[operator]
      if (power === undefined || power[0] <= least) return left
      this.#at++
      left = { code: binary(operator, single(left), single(this.#expression(power[1]))) }
    }
  }

  #unary(): Expression {
    if (this.#accept('not')) return { code: `!L.truthy(${single(this.#expression(UNARY_POWER))})` }
    if (this.#accept('#')) return { code: `L.length(${single(this.#expression(UNARY_POWER))})` }
    if (this.#accept('-')) return { code: `(-L.number(${single(this.#expression(UNARY_POWER))}))` }
    return this.#simple()
  }

  #simple(): Expression {
    const { kind, text } = this.#next
    if (kind === 'number' || kind === 'string') {
      this.#at++
      return { code: kind === 'number' ? text : JSON.stringify(text) }
    }
    for (const [literal, code] of [
      ['nil', 'undefined'],
      ['true', 'true'],
      ['false', 'false'],
    ] as const)
      if (this.#accept(literal)) return { code }
    if (this.#accept('{')) return this.#table()
    if (this.#accept('function')) return { code: this.#functionBody() }
    return this.#suffixed()
  }

  #suffixed(): Expression {
    let expression = this.#primary()
    for (;;) {
      if (this.#accept('.')) expression = indexed(single(expression), JSON.stringify(this.#name()))
      else if (this.#accept('[')) {
        const key = single(this.#expression())
        this.#expect(']')
        expression = indexed(single(expression), key)
      } else if (this.#accept('(')) {
        const given = this.#is(')') ? [] : this.#list()
        this.#expect(')')
        expression = { code: `L.called(${single(expression)})(${spread(given)})`, many: true }
      } else return expression
    }
  }

  #primary(): Expression {
    if (this.#accept('(')) {
      const code = single(this.#expression())
      this.#expect(')')
      return { code: `(${code})` }
    }
    const name = this.#name()
    if (!this.#scopes.some(scope => scope.has(name))) return { code: `L.global(${JSON.stringify(name)})` }
    return { code: `$${name}`, store: value => `$${name}=${value}` }
  }

  #functionBody(): string {
    this.#expect('(')
    this.#scopes.push(new Set())
    const names: string[] = []
    if (!this.#is(')')) {
      do names.push(this.#declare(this.#name()))
      while (this.#accept(','))
    }
    this.#expect(')')
    const code = `(${names.join(',')})=>${this.#blockEnd()}`
    this.#scopes.pop()
    return `(${code})`
  }

  #table(): Expression {
    const list: Expression[] = []
    const fields: string[] = []
    while (!this.#is('}')) {
      if (this.#next.kind === 'name' && this.#tokens[this.#at + 1]!.text === '=' && this.#tokens[this.#at + 1]!.kind === 'symbol') {
        const key = JSON.stringify(this.#name())
        this.#expect('=')
        fields.push(`[${key},${single(this.#expression())}]`)
      } else list.push(this.#expression())
      if (!this.#accept(',') && !this.#accept(';')) break
    }
    this.#expect('}')
    return { code: `L.table(${array(list)},[${fields.join(',')}])` }
  }
}

const single = ({ code, many }: Expression): string => (many ? `L.first(${code})` : code)

/** As arguments: the last one gives all its values. */
function spread(list: readonly Expression[]): string {
  return list.map((each, index) => (each.many && index === list.length - 1 ? `...(${each.code}??[])` : single(each))).join(',')
}
const array = (list: readonly Expression[]): string => `[${spread(list)}]`

function indexed(table: string, key: string): Expression {
  return { code: `L.index(${table},${key})`, store: value => `L.store(${table},${key},${value})` }
}

function binary(operator: string, left: string, right: string): string {
  switch (operator) {
    case 'or':
      return `L.or(${left},()=>${right})`
    case 'and':
      return `L.and(${left},()=>${right})`
    case '==':
      return `(${left}===${right})`
    case '~=':
      return `(${left}!==${right})`
    case '<':
      return `L.less(${left},${right})`
    case '>':
      return `L.less(${right},${left})`
    case '<=':
      return `!L.less(${right},${left})`
    case '>=':
      return `!L.less(${left},${right})`
    case '..':
      return `L.concat(${left},${right})`
    case '%':
      return `L.modulo(${left},${right})`
    default:
      return `(L.number(${left})${operator}L.number(${right}))`
  }
}
