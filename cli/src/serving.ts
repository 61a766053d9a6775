import { type Command, Option } from 'commander'
import { withConfigFlags } from './config-flags.ts'

/** `causeway start`: gateway and worker in one process; the demo where no module is named. */
export function startCommand(command: Command): void {
  withConfigFlags(command)
    .argument('[modules...]', 'modules whose default export is a service; the demo where there is none')
    .option('--json', 'prints the addresses as JSON')
    .option('--watch', 'for development: serves the modules anew when they change')
    .action(async (modules, options) => (await import('./serve-all.ts')).serveAll(modules, options))
}

/** `causeway gateway` */
export function gatewayCommand(command: Command): void {
  withConfigFlags(command)
    .option('--json', 'prints the addresses as JSON')
    .addOption(new Option('--process <place>', 'which of the processes this is, as their parent says').hideHelp())
    .action(async options => (await import('./serve-gateway.ts')).serveGateway(options))
}

/** `causeway worker MODULE...` */
export function workerCommand(command: Command): void {
  withConfigFlags(command)
    .argument('<modules...>', 'modules whose default export is a service')
    .option('--json', 'prints the address as JSON')
    .option('--watch', 'for development: serves the modules anew when they change')
    .action(async (modules, options) => (await import('./serve-worker.ts')).serveWorker(modules, options))
}
