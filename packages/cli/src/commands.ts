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
    name: 'start',
    summary: 'run a broker and a simulated bottling line to look at',
    load: async () => (await import('./start/start-command.ts')).startCommand,
  },
  {
    name: 'broker',
    summary: 'run an MQTT broker',
    load: async () => (await import('./broker/broker-command.ts')).brokerCommand,
  },
  {
    name: 'pub',
    summary: 'publish messages, as mosquitto_pub does',
    load: async () => (await import('./pub/pub-command.ts')).pubCommand,
  },
  {
    name: 'sub',
    summary: 'subscribe and print messages, as mosquitto_sub does',
    load: async () => (await import('./sub/sub-command.ts')).subCommand,
  },
  {
    name: 'bench',
    summary: 'measure a broker under load, and prove what arrives',
    load: async () => (await import('./bench/bench-command.ts')).benchCommand,
  },
];
