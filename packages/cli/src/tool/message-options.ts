import type { QoS } from '@busbar/codec';
import { flag, integer, type Reading, type ToolOption, valued } from './option.ts';
import { ToolUsage } from './tool-usage.ts';

/** The quality of service stands with both. */
export const qosOption: ToolOption = valued(
  ['-q', '--qos'],
  '<0|1|2>',
  'no QoS specified',
  'quality of service (default: 0)',
  (given, settings, reading) => {
    settings.qos = readQos(given, reading);
  },
);

/** How ours behaves beyond mosquitto's. */
export const ownOptions: readonly ToolOption[] = [
  flag(
    ['--no-reconnect'],
    'end with exit code 7 when the connection is lost',
    (settings) => (settings.reconnects = false),
    {
      since: 'busbar',
    },
  ),
];

function readQos(given: string, reading: Reading): QoS {
  const theirs = (qos: number) => `Error: Invalid QoS given: ${qos}\n`;
  if (reading.isStrict && !/^[012]$/.test(given)) {
    throw new ToolUsage(theirs(Number(given)), `-q/--qos: expected 0, 1 or 2, not '${given}'`);
  }
  return integer(given, reading, [0, 2], theirs) as QoS;
}
