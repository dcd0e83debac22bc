/** A terminal's screen as an SVG picture. */

const COLORS = ['#3b4252', '#e06c75', '#98c379', '#e5c07b', '#61afef', '#c678dd', '#56b6c2', '#d8dee9'];
const TEXT = '#d8dee9';
const GROUND = '#1b1f27';
const WIDTH = 8.4;
const HEIGHT = 18;
const MARGIN = 14;
const BAR = 30;
/** Blanks that no renderer runs together. */
const NO_BREAK = '\u00a0';

/** @param {import('./terminal-screen.mjs').TerminalScreen} screen @param {string} title */
export function renderSvg(screen, title) {
  const width = Math.round(screen.columns * WIDTH + 2 * MARGIN);
  const used = screen.lines.findLastIndex((line) => line !== '') + 1;
  const height = used * HEIGHT + 2 * MARGIN + BAR;
  const rows = screen.cells.slice(0, used).map((row, at) => renderRow(row, MARGIN + BAR + at * HEIGHT));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}">
<rect width="${width}" height="${height}" rx="8" fill="${GROUND}"/>
${['#ff5f56', '#ffbd2e', '#27c93f'].map((fill, at) => `<circle cx="${18 + at * 18}" cy="18" r="6" fill="${fill}"/>`).join('')}
<text x="${width / 2}" y="22" text-anchor="middle" font-family="sans-serif" font-size="13" fill="#8b93a3">${escaped(title)}</text>
<g font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="14">
${rows.filter((row) => row !== '').join('\n')}
</g>
</svg>
`;
}

/** Cells of one style stand in one piece of text. */
function renderRow(row, y) {
  const pieces = [];
  let at = 0;
  while (at < row.length) {
    const start = at;
    const style = styleOf(row[at]);
    let text = '';
    while (at < row.length && styleOf(row[at]) === style) {
      text += row[at].text;
      at += 1;
    }
    pieces.push(renderPiece(row[start], text, start, at - start, y));
  }
  return pieces.join('');
}

function renderPiece(cell, text, column, columns, y) {
  const { color, isBold, isDim, isInverse } = cell;
  const x = (MARGIN + column * WIDTH).toFixed(1);
  const length = (columns * WIDTH).toFixed(1);
  const fill = color === undefined ? TEXT : COLORS[color];
  const ground = isInverse ? `<rect x="${x}" y="${y}" width="${length}" height="${HEIGHT}" fill="${fill}"/>` : '';
  if (text.trim() === '') return ground;
  const more = `${isBold ? ' font-weight="bold"' : ''}${isDim ? ' opacity="0.6"' : ''}`;
  const shown = `<text x="${x}" y="${y + 14}" textLength="${length}" lengthAdjust="spacingAndGlyphs" fill="${isInverse ? GROUND : fill}"${more}>${escaped(text).replaceAll(' ', NO_BREAK)}</text>`;
  return `${ground}${shown}`;
}

function styleOf({ color, isBold, isDim, isInverse }) {
  return `${color} ${isBold} ${isDim} ${isInverse}`;
}

function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
