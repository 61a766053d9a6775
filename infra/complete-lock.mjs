// `node infra/complete-lock.mjs`: names in package-lock.json the platform packages that npm left out.
// npm drops an optional dependency that the registry at hand doesn't carry (a mirror may hold one platform's binaries alone), and `npm ci` then refuses
// the lock file everywhere. The entries added here have the demanded version and the platform that their name tells; having no integrity,
// they are checked by the registry of whoever installs on that platform.
import { readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const file = fileURLToPath(new URL('../package-lock.json', import.meta.url))

/** Parts of a platform package's name, and the os, cpu and libc that npm compares. */
const SYSTEMS = {
  android: 'android',
  darwin: 'darwin',
  freebsd: 'freebsd',
  linux: 'linux',
  openharmony: 'openharmony',
  win: 'win32',
  win32: 'win32',
  windows: 'win32',
}
const PROCESSORS = { 64: 'x64', arm: 'arm', arm64: 'arm64', ia32: 'ia32', ppc64: 'ppc64', riscv64: 'riscv64', s390x: 's390x', x64: 'x64' }
const LIBRARIES = { gnu: 'glibc', gnueabihf: 'glibc', musl: 'musl', musleabihf: 'musl' }

if (process.argv[1] !== undefined && fileURLToPath(import.meta.url) === realpathSync(process.argv[1])) main()

function main() {
  const lock = JSON.parse(readFileSync(file, 'utf8'))
  const missing = missingFrom(lock.packages)
  for (const { name, version, dev } of missing) lock.packages[`node_modules/${name}`] = entryFor(name, version, dev)
  lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en')))
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
  console.log(missing.length === 0 ? 'Nothing was missing.' : `Added ${missing.length}: ${missing.map(({ name }) => name).join(', ')}`)
}

/** The optional dependencies that no entry of a lock file's `packages` stands for: name, version and whether only development needs them. */
export function missingFrom(packages) {
  const missing = new Map()
  for (const [path, { optionalDependencies = {}, dev }] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(optionalDependencies)) {
      if (!isFound(packages, path, name)) missing.set(name, { name, version, dev: Boolean(dev) })
    }
  }
  return [...missing.values()]
}

/** As Node looks for it: in the package's own node_modules, then in each one above. */
function isFound(packages, path, name) {
  for (let folder = path; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('node_modules/') - 1))) {
    if (packages[`${folder === '' ? '' : `${folder}/`}node_modules/${name}`] !== undefined) return true
    if (folder === '') return false
  }
}

/** A lock entry for a platform package. Throws if its name doesn't tell the platform: without one npm would install it everywhere. */
export function entryFor(name, version, dev) {
  const parts = name.split('/').at(-1).split('-')
  const os = parts.map(part => SYSTEMS[part]).find(Boolean)
  const cpu = parts.map(part => PROCESSORS[part]).find(Boolean)
  if (os === undefined || cpu === undefined)
    throw new Error(`package-lock.json lacks ${name}, and its name tells no platform: run npm install with a registry that has it.`)
  const libc = os === 'linux' ? parts.map(part => LIBRARIES[part]).find(Boolean) : undefined
  return { version, cpu: [cpu], ...(dev && { dev }), ...(libc && { libc: [libc] }), optional: true, os: [os] }
}
