import assert from 'node:assert/strict';
import { test } from 'vitest';
import { renderSvg } from '../scripts/terminal/svg.mjs';
import { TerminalScreen } from '../scripts/terminal/terminal-screen.mjs';

test('a screen shows what a terminal would', () => {
  const screen = new TerminalScreen(12, 3);
  screen.write(
    'before\x1b[?1049h\x1b[2J\x1b[1;1H\x1b[2Kone\x1b[2;3Htwo\x1b[31mred\x1b[39m\r\n\x1b]0;title\x07x\x1b[1;1H\x1b[Kagain',
  );
  assert.deepEqual(screen.lines, ['again', '  twored', 'x']);
});

test('long lines go on below, full screens scroll, wide letters take two cells', () => {
  const screen = new TerminalScreen(4, 2);
  screen.write('abcdef\r\n漢字');
  assert.deepEqual(screen.lines, ['ef', '漢字']);
});

test('the picture holds the text, its colours, and nothing that could break it', () => {
  const screen = new TerminalScreen(20, 3);
  screen.write('\x1b[32m<green> & "more"\x1b[0m');
  const svg = renderSvg(screen, 'a < b');
  assert.match(svg, /fill="#98c379"[^>]*>&lt;green>\u00a0&amp;\u00a0&quot;more&quot;</);
  assert.match(svg, /aria-label="a &lt; b"/);
});
