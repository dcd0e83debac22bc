import type { ToolCase } from './tool-case.ts';

const pub = (...args: string[]): ToolCase => ({ tool: 'pub', args: ['-t', 'a', '-m', 'x', ...args] });

/** Servers that refuse. */
export const REFUSAL_CASES: readonly ToolCase[] = [
  { ...pub('-q', '1', '-V', '5'), script: { afterPublish: ['4004IIII9700'] } },
  { ...pub('-q', '1', '-V', '5', '-d'), script: { afterPublish: ['4009IIII87051f000279657a'.replace('7a', '')] } },
  { ...pub('-q', '2', '-V', '5', '-d'), script: { afterPublish: ['5003IIII87'] } },
  { ...pub('-q', '1', '-V', '5'), script: { afterPublish: ['4003IIII10'] } },
  { ...pub('-q', '1', '-V', '5', '--quiet'), script: { afterPublish: ['4003IIII87'] } },
  { ...pub('-q', '2', '-V', '5'), script: { connack: '200500000224' + '01' } },
  { ...pub('-r', '-V', '5'), script: { connack: '20050000022500' } },
  { ...pub('-V', '5', '-d'), script: { connack: '2008000005' + '1200027171' } },
  {
    tool: 'pub',
    args: ['-t', 'a', '-m', 'x'.repeat(40), '-V', '5', '-d'],
    script: { connack: '20080000052700000010' },
  },
  ...['01', '02', '03', '04', '05'].map((code) => ({ ...pub(), script: { connack: `200200${code}` } })),
  ...['84', '85', '86', '87', '88', '89', '8a', '97', '9c', '9f'].map((code) => ({
    ...pub('-V', '5'),
    script: { connack: `200300${code}00` },
  })),
  ...['01', '02', '05'].map(
    (code): ToolCase => ({ tool: 'sub', args: ['-t', 'a'], script: { connack: `200200${code}` } }),
  ),
  ...['84', '87'].map(
    (code): ToolCase => ({ tool: 'sub', args: ['-t', 'a', '-V', '5'], script: { connack: `200300${code}00` } }),
  ),
  { tool: 'sub', args: ['-t', 'a', '--quiet'], script: { connack: '20020005' } },
  { tool: 'sub', args: ['-t', 'a', '-t', 'b'], script: { subackCodes: [128, 128] } },
  { tool: 'sub', args: ['-t', 'a', '-V', '5'], script: { subackCodes: [0x87] } },
];
