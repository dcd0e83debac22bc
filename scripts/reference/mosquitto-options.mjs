/** The table of mosquitto's options and ours, with the tests of each. */

import { readFileSync } from 'node:fs';
import path from 'node:path';

/** The tests that name options, and what they do with them. */
const TESTS = [
  ...['publishing', 'refusal', 'subscribing', 'format', 'asking', 'usage'].map((cases) => [
    `packages/cli/test/mosquitto/${cases}-cases.ts`,
    `side by side: ${cases}`,
  ]),
  ['packages/cli/test/mosquitto/comparison.test.ts', 'with both brokers'],
  ['packages/cli/test/tool/ways-in.test.ts', 'ways in'],
  ['packages/cli/test/tool/own-options.test.ts', 'alone'],
  ['packages/cli/test/sub/sub-command.test.ts', 'sub'],
  ['packages/cli/test/pub/pub-command.test.ts', 'pub'],
];
const NAMES = { pub: 'pub', sub: 'sub', rr: 'rr' };

/** @typedef {{ flags: readonly string[], tools: readonly string[], description: string, value?: { placeholder: string }, since?: string }} ToolOption */

/** @param {string} root @returns {{ file: string, what: string, text: string }[]} */
export function readCases(root) {
  return TESTS.map(([file, what]) => ({ file, what, text: readFileSync(path.join(root, file), 'utf8') }));
}

/** The tests in which a flag stands as a word of a command line. @param {ToolOption} option @param {ReturnType<typeof readCases>} cases */
export function testsOf({ flags }, cases) {
  return cases.filter(({ text }) => flags.some((flag) => text.includes(`'${flag}'`)));
}

/** @param {readonly ToolOption[]} options @param {ReturnType<typeof readCases>} cases */
export function renderOptionsPage(options, cases) {
  const rows = options.map((option) => {
    const { flags, tools, description, value, since } = option;
    const shown = flags.map((flag) => `\`${flag}\``).join(' ');
    const placeholder = value === undefined ? '' : ` \`${value.placeholder.replaceAll('|', '\\|')}\``;
    const origin = since === 'busbar' ? 'ours' : since === '2.1' ? '2.1' : '2.0';
    const tests = testsOf(option, cases).map(({ file, what }) => `[${what}](../../${file})`);
    const cells = [
      `${shown}${placeholder}`,
      tools.map((tool) => NAMES[tool]).join(' '),
      origin,
      escapeCell(description),
      tests.join(', '),
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return `# Options of mosquitto_pub, mosquitto_sub and mosquitto_rr

<!-- Made from packages/cli/src/tool and the tests by scripts/generate-mosquitto-options.mjs: change them, not this page. -->

\`busbar pub\`, \`busbar sub\` and \`busbar rr\` take every option of mosquitto-clients 2.1 with the same meaning. Links to
\`busbar\` that are named mosquitto_pub, mosquitto_sub and mosquitto_rr also speak in these tools' own words. "Side by side"
means that the same command line is given to Debian's tool (2.0.11) and to the link, before a server that writes down every
byte: packets, stdout, stderr and exit code have to be the same, but for what 2.1 does otherwise, which each case names.

| option | of | since | meaning | tests |
|---|---|---|---|---|
${rows.join('\n')}

Where ours differs on purpose:

- \`%j\` and \`--json\` write \`retain\` as 0 or 1, as 2.0 and the manual page of both have it.
- \`--random-filter 100\` prints everything, as the manual page says.
- A file of options may have \`-D\` with all its words on one line.
- \`--remove-retained\` with \`-C\` or \`--retained-only\` ends when the server has acknowledged what was cleared.
- The commands (not the links) refuse values that are no numbers, and reconnect with a note on stderr.
- TLS-PSK works up to TLS 1.2, which is what Node can; the password of a TLS engine cannot be told to it.
`;
}

function escapeCell(text) {
  return text.replaceAll('<', '&lt;').replaceAll('*', '\\*').replaceAll('|', '\\|');
}
