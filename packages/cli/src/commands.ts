import type { CommandDefinition } from './command/definition.ts';

/** A command of `busbar`: enough of it to list it, and how to load the rest. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  /** Loads only what this command needs, so that a small one starts quickly. */
  readonly load: () => Promise<CommandDefinition>;
}

/** All commands, in the order of the help. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'broker',
    summary: 'run an MQTT broker',
    load: async () => (await import('./broker/broker-command.ts')).brokerCommand,
  },
];
