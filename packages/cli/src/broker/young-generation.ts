import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/** Bytes of each half of the young generation. */
const SEMI_SPACE = 2 * 1024 * 1024;
const CHECK_MS = 10_000;
/** Objects that are made at a time to fill it, and how often at most. */
const FILL = 2_000;
const MOST_FILLS = 1_000;

/**
 * Keeps V8's young generation at 2 MiB a half, where it would grow to 16: a collection of it stops the broker for as long as it
 * copies what has survived, which after 400 clients have come at once, or during a flood of retained messages, is all of it. See
 * docs/decisions/0015; the user's own `--max-semi-space-size` is left alone.
 */
export function holdYoungGeneration(): void {
  const { NODE_OPTIONS = '' } = process.env;
  if ([...process.execArgv, NODE_OPTIONS].some((option) => /semi[-_]space/.test(option))) return;
  hold();
  // An idle process is given back what it does not use, down to 1 MiB: too little for the next rush.
  setInterval(hold, CHECK_MS).unref();
}

function hold(): void {
  if (size() < SEMI_SPACE) {
    setFlagsFromString('--semi-space-growth-factor=2');
    const kept: object[] = [];
    for (let fills = 0; size() < SEMI_SPACE && fills < MOST_FILLS; fills++) {
      for (let n = 0; n < FILL; n++) kept.push({ n });
    }
  }
  setFlagsFromString('--semi-space-growth-factor=1');
}

/** Bytes of a half as it is now. */
function size(): number {
  const space = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
  return (space?.space_size ?? 0) / 2;
}
