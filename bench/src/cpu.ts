import { readFileSync } from 'node:fs'

/** Clock ticks a second in /proc: USER_HZ, 100 on every Linux (proc(5)). */
const TICKS_PER_SECOND = 100
/** Places of utime and stime behind the command's name (proc_pid_stat(5), fields 14 and 15). */
const UTIME = 11
const STIME = 12

/** CPU seconds that a process has used, all threads; undefined where there is no /proc, or no such process any more. */
export function cpuSeconds(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[UTIME]) + Number(fields[STIME])) / TICKS_PER_SECOND
  } catch {
    return undefined
  }
}

/** CPU seconds that all processes of the machine have used; undefined where there is no /proc. */
export function machineCpuSeconds(): number | undefined {
  try {
    // user, nice, system, idle, iowait, irq, softirq, steal (proc_stat(5)); what others stole from this machine counts as used
    const [user, nice, system, , , irq, softirq, steal] = readFileSync('/proc/stat', 'latin1').split(/\s+/, 9).slice(1).map(Number)
    return (user + nice + system + irq + softirq + steal) / TICKS_PER_SECOND
  } catch {
    return undefined
  }
}
