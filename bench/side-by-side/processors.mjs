import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * Which processor the brokers get and which one the load; the same for both, and why, where they cannot be kept apart.
 *
 * @returns {{ broker: number | undefined, load: number | undefined, obstacle: string | undefined }}
 */
export function processors() {
  const none = (obstacle) => ({ broker: undefined, load: undefined, obstacle });
  if (process.platform !== 'linux') return none('programs can be tied to processors on Linux only');
  if (spawnSync('taskset', ['--version']).status !== 0) return none('there is no taskset (Debian: util-linux)');
  const [broker, load] = allowed();
  if (load === undefined) return none('there is only one');
  return { broker, load, obstacle: undefined };
}

/** The command line that runs on one processor. @param {number | undefined} processor @param {string[]} command */
export function withProcessor(processor, command) {
  return processor === undefined ? command : ['taskset', '-c', String(processor), ...command];
}

/** The processors that may be used, such as 0 and 1 of `0-1,4`: the first two of different cores would be better, but not all have them. */
function allowed() {
  const [, list = ''] = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return list.split(',').flatMap((range) => {
    const [first, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, at) => first + at);
  });
}
