import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { describe, test } from 'node:test'
import { cpuSeconds, machineCpuSeconds } from './cpu.ts'

const skip = existsSync('/proc/self/stat') ? false : 'no /proc on this system'

describe('CPU seconds', () => {
  test('are those that the process itself counts', { skip }, () => {
    const end = performance.now() + 300
    while (performance.now() < end);
    const { user, system } = process.cpuUsage()
    const told = cpuSeconds(process.pid)
    assert.ok(told !== undefined && Math.abs(told - (user + system) / 1e6) < 0.1, `${told} beside ${(user + system) / 1e6}`)
  })

  test('of the machine are at least those of one process', { skip }, () => {
    assert.ok(machineCpuSeconds()! >= cpuSeconds(process.pid)!)
  })

  test('are not known of a process that is none', () => {
    assert.equal(cpuSeconds(0x7fffffff), undefined)
  })
})
