import type { StormFigures } from './storm.ts';

const WIDTH = 760;
const HEIGHT = 260;
const LEFT = 70;
const TOP = 24;
const FOOT = 40;
const GREY = '#8c959f';

/** The clients that are back over time, as SVG: nobody until the broker is ready, then everybody. */
export function renderStorm({ clients, readyMs, backMs }: StormFigures): string {
  const endMs = Math.max(...backMs, 1) * 1.02;
  const x = (ms: number): string => (LEFT + (ms / endMs) * (WIDTH - LEFT - 10)).toFixed(1);
  const y = (count: number): string => (TOP + HEIGHT - (count / clients) * HEIGHT).toFixed(1);
  // A point for every hundredth of them draws the same line as all.
  const step = Math.max(1, Math.floor(backMs.length / 400));
  const points = backMs.flatMap((ms, at) =>
    at % step === 0 || at === backMs.length - 1 ? [`${x(ms)},${y(at + 1)}`] : [],
  );
  const line = [`${x(0)},${y(0)}`, `${x(backMs[0] ?? 0)},${y(0)}`, ...points].join(' ');
  const seconds = Array.from({ length: Math.floor(endMs / 1000) + 1 }, (_, second) => second);
  const every = Math.max(1, Math.ceil(seconds.length / 12));
  const ticks = seconds
    .filter((second) => second % every === 0)
    .map((second) => `<text x="${x(second * 1000)}" y="${TOP + HEIGHT + 18}" text-anchor="middle">${second} s</text>`);
  const levels = [0, 0.25, 0.5, 0.75, 1].map((part) => {
    const count = Math.round(clients * part);
    return `<path d="M${LEFT},${y(count)}H${WIDTH - 10}" stroke="${GREY}" stroke-width="0.4"/><text x="${LEFT - 8}" y="${Number(y(count)) + 4}" text-anchor="end">${count.toLocaleString('en-US')}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${TOP + HEIGHT + FOOT}" width="${WIDTH}" height="${TOP + HEIGHT + FOOT}" font-family="system-ui, sans-serif" font-size="12" role="img" aria-label="Clients that are back after their broker was killed, over time">
<style>text { fill: #1f2328 } @media (prefers-color-scheme: dark) { text { fill: #e6edf3 } }</style>
${levels.join('\n')}
${ticks.join('\n')}
<path d="M${x(readyMs)},${TOP}V${TOP + HEIGHT}" stroke="#b08800" stroke-dasharray="4 3"/><text x="${Number(x(readyMs)) + 6}" y="${TOP + 12}">the broker is ready again</text>
<polyline fill="none" stroke="#1a7f64" stroke-width="2" points="${line}"/>
<text x="${LEFT}" y="${TOP - 10}">clients that are back</text><text x="${WIDTH - 10}" y="${TOP + HEIGHT + 34}" text-anchor="end">since the broker was killed</text>
</svg>
`;
}

/** The figures of a storm in a few lines. */
export function describeStorm(figures: StormFigures): string {
  const { clients, readyMs, backMs, refused, acknowledged, acknowledgedInStorm, insideMs, insideEnds } = figures;
  const back = (part: number): string => inSeconds((backMs[Math.ceil(backMs.length * part) - 1] ?? 0) - readyMs);
  const inside = (part: number): string => `${(insideMs[Math.ceil(insideMs.length * part) - 1] ?? 0).toFixed(1)} ms`;
  return [
    `${clients} clients; ready again ${inSeconds(readyMs)} after kill -9`,
    `back after that: half in ${back(0.5)}, 99 % in ${back(0.99)}, all in ${back(1)}; ${refused} attempts refused`,
    `acknowledged: ${acknowledged} messages, ${acknowledgedInStorm} of them while clients came back`,
    `inside meanwhile: ${insideMs.length} messages, half in ${inside(0.5)}, 99 % in ${inside(0.99)}, all in ${inside(1)}; ${insideEnds} connections lost`,
    `told of overload: ${figures.overloadLines} times`,
  ].join('\n');
}

function inSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}
