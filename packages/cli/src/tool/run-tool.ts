import { messageOf } from '../command/message-of.ts';
import { isColorful } from '../terminal/color.ts';
import { expectMessage } from './finish-settings.ts';
import { readOptions } from './read-options.ts';
import type { Tool, ToolSettings } from './tool-settings.ts';
import { ToolQuestion, ToolUsage } from './tool-usage.ts';
import { Voice } from './voice.ts';

/** The version of mosquitto's tools whose options these are. */
export const MOSQUITTO_VERSION = '2.1.0';

/** What a tool does with its settings; loaded when the command line is found right. */
export type LoadRun = () => Promise<(settings: ToolSettings, voice: Voice) => Promise<number>>;

/** How a tool is called. */
export interface ToolCall {
  readonly tool: Tool;
  readonly words: readonly string[];
  /** Under the name of mosquitto's tool: then it speaks as that one does. */
  readonly isMosquitto: boolean;
  /** The words of a profile. */
  readonly profile?: readonly string[];
  readonly load: LoadRun;
  /** What `--help` prints. */
  readonly help: () => Promise<string>;
}

/** Reads the options of `pub`, `sub` or `rr` and runs it. @returns The exit code. */
export async function runTool({ tool, words, isMosquitto, profile, load, help }: ToolCall): Promise<number> {
  const voice = new Voice(tool, isMosquitto);
  let settings: ToolSettings;
  try {
    const sources = { isStrict: !isMosquitto, env: process.env, ...(profile && { profile }) };
    settings = readOptions(tool, words, sources);
  } catch (error) {
    if (error instanceof ToolQuestion) return answer(error, tool, isMosquitto, help);
    if (error instanceof ToolUsage) return complain(error, tool, isMosquitto);
    throw error;
  }
  voice.hush(settings.isQuiet);
  settings.color ??= !isMosquitto && isColorful(process.stdout);
  if (isMosquitto) {
    const lacking = whatLacks(settings);
    if (lacking !== undefined) return complainOfMessage(lacking, tool, help);
    const { id, password, userName, version } = settings;
    if (id === '') {
      voice.tell(tool === 'pub' ? 'Error: Invalid id.' : 'Error: Invalid id and/or clean_session.', undefined);
      return 1;
    }
    if (password !== undefined && userName === undefined && version !== 5) {
      voice.tell('Error: Problem setting username and/or password.', undefined);
      return 1;
    }
  }
  const run = await load();
  try {
    return await run(settings, voice);
  } catch (error) {
    const line = `Error: ${messageOf(error)}`;
    voice.tell(line, line);
    return 1;
  }
}

/** Mosquitto's tools end with 1 after their help. */
async function answer(
  { asked }: ToolQuestion,
  tool: Tool,
  isMosquitto: boolean,
  help: ToolCall['help'],
): Promise<number> {
  if (asked === 'help') process.stdout.write(await help());
  else {
    const { readVersion } = await import('../version.ts');
    process.stdout.write(`mosquitto_${tool} version ${MOSQUITTO_VERSION} running on busbar ${readVersion()}.\n`);
  }
  return isMosquitto ? 1 : 0;
}

function complain(error: ToolUsage, tool: Tool, isMosquitto: boolean): number {
  if (isMosquitto) process.stderr.write(`${error.theirs}\nUse 'mosquitto_${tool} --help' to see usage.\n`);
  else process.stderr.write(`Error: ${error.message} (see 'busbar ${tool} --help')\n`);
  return 1;
}

function whatLacks(settings: ToolSettings): ToolUsage | undefined {
  try {
    expectMessage(settings);
    return undefined;
  } catch (error) {
    if (error instanceof ToolUsage) return error;
    throw error;
  }
}

async function complainOfMessage({ theirs }: ToolUsage, tool: Tool, help: ToolCall['help']): Promise<number> {
  process.stderr.write(theirs);
  if (tool === 'pub') process.stdout.write(await help());
  else process.stderr.write(`\nUse 'mosquitto_${tool} --help' to see usage.\n`);
  return 1;
}
