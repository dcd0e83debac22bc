/** busbar: the command line, for programs that want to run a command themselves. */
export { ExitCode } from './exit-code.ts';
export { main } from './main.ts';
