import { readdirSync, readFileSync } from 'node:fs'

/** Resident memory of a process, bytes (Linux: proc_pid_status(5)); throws where there is no such process. */
export const residentBytes = (pid: number): number => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) * 1_024

/** Calls of a process that wrote to a file or a socket (proc_pid_io(5), syscw). */
export const writeCalls = (pid: number): number => Number(/syscw: (\d+)/.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))![1])

/** Open files of a process. */
export const descriptors = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length
