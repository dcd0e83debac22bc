import type { CallContext } from './call-context.ts';
import type { CommandDefinition, CommandDescription } from './command/definition.ts';
import type { OwnCommand } from './tool/own-command.ts';

/** A command of `busbar`: enough of it to list it, and how to load the rest. */
export type CommandEntry = DefinedEntry | CalledEntry;

interface NamedEntry {
  readonly name: string;
  readonly summary: string;
}

/** A command that is defined as data, options and all. */
export interface DefinedEntry extends NamedEntry {
  /** Loads only what this command needs, so that a small one starts quickly. */
  readonly load: () => Promise<CommandDefinition>;
  readonly call?: undefined;
}

/** A command that reads its words itself, as mosquitto's tools do, and is quicker than its description can be loaded. */
export interface CalledEntry extends NamedEntry {
  readonly load: () => Promise<CommandDescription>;
  /** @returns The exit code. */
  readonly call: (words: readonly string[], context: CallContext) => Promise<number>;
}

function tool(name: 'pub' | 'sub' | 'rr'): CalledEntry['call'] {
  return async (words, { profile }) => {
    const { callTool } = await import('./tool/call-tool.ts');
    return callTool({ tool: name, words, isMosquitto: false, profile });
  };
}

/** A command of ours that connects as the tools do. */
function own(summary: string, name: string, load: () => Promise<OwnCommand>): CalledEntry {
  return {
    name,
    summary,
    load: async () => (await load()).description,
    call: async (words, context) => {
      const { callOwnCommand } = await import('./tool/own-command.ts');
      return callOwnCommand(await load(), words, context);
    },
  };
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
    name: 'config',
    summary: 'check, show or convert a configuration',
    load: async () => (await import('./config/config-command.ts')).configCommand,
  },
  {
    name: 'passwd',
    summary: 'write a password file, as mosquitto_passwd does',
    load: async () => (await import('./passwd/passwd-command.ts')).passwdCommand,
  },
  {
    name: 'explain',
    summary: 'say what a client may do, and which rule decides',
    load: async () => (await import('./explain/explain-command.ts')).explainCommand,
  },
  {
    name: 'reload',
    summary: 'let a running broker read its configuration again',
    load: async () => (await import('./reload/reload-command.ts')).reloadCommand,
  },
  {
    name: 'inspect',
    summary: 'look into a running broker',
    load: async () => (await import('./inspect/inspect-command.ts')).inspectCommand,
  },
  {
    name: 'trace',
    summary: 'show what a client of a running broker sends and is sent',
    load: async () => (await import('./trace/trace-command.ts')).traceCommand,
  },
  {
    name: 'kick',
    summary: "end a client's connection to a running broker",
    load: async () => (await import('./inspect/kick-command.ts')).kickCommand,
  },
  {
    name: 'store',
    summary: "check, dump, restore, measure or compact a broker's data",
    load: async () => (await import('./store/store-command.ts')).storeCommand,
  },
  {
    name: 'pub',
    summary: 'publish messages, as mosquitto_pub does',
    load: async () => (await import('./pub/pub-command.ts')).pubCommand,
    call: tool('pub'),
  },
  {
    name: 'sub',
    summary: 'subscribe and print messages, as mosquitto_sub does',
    load: async () => (await import('./sub/sub-command.ts')).subCommand,
    call: tool('sub'),
  },
  {
    name: 'rr',
    summary: 'publish a request and print the answer, as mosquitto_rr does',
    load: async () => (await import('./rr/rr-command.ts')).rrCommand,
    call: tool('rr'),
  },
  own('find out what a broker is, can do, and does oddly', 'probe', async () => {
    return (await import('./probe/probe-command.ts')).probeCommand;
  }),
  own('watch topics, rates and payloads live', 'top', async () => {
    return (await import('./top/top-command.ts')).topCommand;
  }),
  own('write what is published into a file, with its times', 'record', async () => {
    return (await import('./record/record-command.ts')).recordCommand;
  }),
  own('publish what busbar record has written, at its speed or another', 'replay', async () => {
    return (await import('./record/replay-command.ts')).createReplayCommand();
  }),
  own('play devices that a YAML scenario describes', 'simulate', async () => {
    return (await import('./simulate/simulate-command.ts')).createSimulateCommand();
  }),
  {
    name: 'bench',
    summary: 'measure a broker under load, and prove what arrives',
    load: async () => (await import('./bench/bench-command.ts')).benchCommand,
  },
  {
    name: 'completion',
    summary: 'print the completion for bash, zsh or fish',
    load: async () => (await import('./completion/completion-command.ts')).createCompletionCommand(describeAll),
  },
  {
    name: 'man',
    summary: 'print or write the manual pages',
    load: async () => (await import('./man/man-command.ts')).createManCommand(describeAll),
  },
];

/** What all commands are, for what is made of all. */
function describeAll(): Promise<readonly CommandDescription[]> {
  return Promise.all(COMMANDS.map(({ load }) => load()));
}
