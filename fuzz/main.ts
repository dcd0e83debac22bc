import { parseArgs } from 'node:util';
import { CodecFuzz, type FuzzFigures, FuzzFind } from './codec-fuzz.ts';

/**
 * `npm run fuzz -- [--seconds 60] [--seed 1]`: fuzzes the codec for a time, with a line of figures each second. A find is
 * printed with the seed and the bytes that made it, and the exit code is 1; it belongs into the vectors of the testkit.
 */
function main(): void {
  const { values } = parseArgs({
    options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string', default: '1' } },
  });
  const seconds = wholeNumber('seconds', values.seconds);
  const seed = wholeNumber('seed', values.seed);
  const fuzz = new CodecFuzz(seed);
  const startedAt = performance.now();
  let reported = 0;
  try {
    while (performance.now() - startedAt < seconds * 1000) {
      fuzz.run(200);
      const elapsed = Math.floor((performance.now() - startedAt) / 1000);
      if (elapsed > reported) {
        reported = elapsed;
        console.log(`${elapsed} s: ${describe(fuzz.figures)}`);
      }
    }
  } catch (error) {
    if (!(error instanceof FuzzFind)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
  console.log(`seed ${seed}: ${describe(fuzz.figures)}`);
}

function describe({ streams, byteLength, packets, refusals }: FuzzFigures): string {
  const refused = [...refusals].sort(([a], [b]) => a.localeCompare(b)).map(([code, count]) => `${code} ${count}`);
  return `${streams} streams, ${byteLength} bytes, ${packets} packets understood, refused: ${refused.join(', ')}`;
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0) return value;
  console.error(`--${name} must be a whole number, not ${text}`);
  process.exit(2);
}

main();
