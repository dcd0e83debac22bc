import { toHex } from '@busbar/testkit';
import type { Script, Step } from './session-script.ts';

/** Attempts that a find may cost. */
const MOST_ATTEMPTS = 2000;

/** Of one packet, or of what goes for one; the seed makes all of it again. */
const MOST_BYTES_SHOWN = 8192;

/**
 * The least of these scripts that still fails: whole scripts are left out first, then steps, many at a time and then one by one.
 *
 * @param fails Whether what is left still does what it must not.
 */
export async function shrink(
  scripts: readonly Script[],
  fails: (scripts: readonly Script[]) => Promise<boolean>,
): Promise<readonly Script[]> {
  let least = scripts;
  let attempts = 0;
  const attempt = async (candidate: readonly Script[]): Promise<boolean> => {
    if (attempts++ >= MOST_ATTEMPTS || !(await fails(candidate))) return false;
    least = candidate;
    return true;
  };
  for (let at = least.length - 1; at >= 0; at--) await attempt(least.toSpliced(at, 1));
  for (let size = longest(least); size >= 1; size = Math.floor(size / 2)) {
    for (let which = 0; which < least.length; which++) {
      for (let from = (least[which]?.length ?? 0) - size; from >= 0; from -= size) {
        const script = least[which] ?? [];
        await attempt(least.with(which, script.toSpliced(from, size)));
      }
    }
  }
  return least;
}

function longest(scripts: readonly Script[]): number {
  return Math.max(1, ...scripts.map(({ length }) => length)) >> 1 || 1;
}

/** Scripts as text, a line for each step. */
export function transcriptOf(scripts: readonly Script[]): string {
  return scripts.map((script, at) => [`client ${at}:`, ...script.map(lineOf)].join('\n  ')).join('\n');
}

function lineOf(step: Step): string {
  switch (step.kind) {
    case 'open':
      return `open, window ${step.windowBytes}${step.isAnswering ? ', answering' : ''}`;
    case 'send':
      return `send ${bytesOf(step.bytes)}${cutsOf(step.cuts)}${step.isHeld ? ', held' : ''}`;
    case 'read':
      return step.isReading ? 'read' : 'do not read';
    case 'wait':
      return `wait ${step.milliseconds} ms`;
    default:
      return step.kind;
  }
}

function bytesOf(bytes: Uint8Array): string {
  if (bytes.length <= MOST_BYTES_SHOWN) return toHex(bytes);
  return `${toHex(bytes.subarray(0, MOST_BYTES_SHOWN))} and so on, ${bytes.length} bytes in all`;
}

function cutsOf(cuts: readonly number[]): string {
  return cuts.length === 0 ? '' : `, cut at ${cuts.join(' ')}`;
}
