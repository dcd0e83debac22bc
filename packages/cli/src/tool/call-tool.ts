import { runTool, type ToolCall } from './run-tool.ts';
import type { Tool } from './tool-settings.ts';

const LOAD: Readonly<Record<Tool, Pick<ToolCall, 'load' | 'help'>>> = {
  pub: {
    load: async () => (await import('../pub/run-pub.ts')).runPub,
    help: async () => helpFor((await import('../pub/pub-command.ts')).pubCommand),
  },
  sub: {
    load: async () => (await import('../sub/run-sub.ts')).runSub,
    help: async () => helpFor((await import('../sub/sub-command.ts')).subCommand),
  },
  rr: {
    load: async () => (await import('../rr/run-rr.ts')).runRr,
    help: async () => helpFor((await import('../rr/rr-command.ts')).rrCommand),
  },
};

/** Runs one of the three tools, under our name or under that of mosquitto's. @returns The exit code. */
export function callTool(call: Omit<ToolCall, 'load' | 'help'>): Promise<number> {
  return runTool({ ...call, ...LOAD[call.tool] });
}

async function helpFor(
  description: Parameters<typeof import('../command/command-line.ts').helpOf>[0],
): Promise<string> {
  const { helpOf } = await import('../command/command-line.ts');
  return helpOf(description);
}
