import { connectionOptions } from './connection-options.ts';
import { ownOptions, qosOption } from './message-options.ts';
import type { ToolOption } from './option.ts';
import { printingOptions } from './printing-options.ts';
import { receivingOptions } from './receiving-options.ts';
import { sendingOptions } from './sending-options.ts';
import { tlsOptions } from './tls-options.ts';
import type { Tool } from './tool-settings.ts';

/** Every option of the three tools, in the order of the help. */
export const TOOL_OPTIONS: readonly ToolOption[] = [
  ...sendingOptions,
  ...receivingOptions,
  qosOption,
  ...printingOptions,
  ...connectionOptions,
  ...ownOptions,
  ...tlsOptions,
];

/** The options of one tool. */
export function optionsOf(tool: Tool): readonly ToolOption[] {
  return TOOL_OPTIONS.filter(({ tools }) => tools.includes(tool));
}
