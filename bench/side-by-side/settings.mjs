import { parseArgs } from 'node:util';
import { WORKLOADS } from './workloads.mjs';

export const HELP = `Usage: npm run bench -- [options]

Runs brokers side by side: the same loads in turn, each broker alone on one processor, the load on another. Prints CPU time
per delivered message, throughput, latency and memory, the ratios first, and keeps them in bench/results/.

  --quick                       three short rounds, nothing kept
  --broker name='cmd {port}'    one more broker; may be repeated
  --only fanin0,pair1           these workloads only: ${WORKLOADS.map(({ name }) => name).join(', ')}
  --without aedes,mosquitto     leave brokers out
  --version 4 | 5               clients of 3.1.1 or of 5.0 (with User Properties) only
  --rounds <n>                  rounds (default: 5)
  --seconds <n>                 seconds measured in each (default: 0.7)
  --check                       exit code 1 when a ratio misses its target
  --help                        show this help
`;

/** What was typed cannot be. */
export class UsageError extends Error {}

/** @param {string[]} argv @throws {UsageError} */
export function readSettings(argv) {
  const values = parse(argv);
  const isQuick = values.quick === true;
  const only = list(values.only);
  const unknown = only.find((name) => !WORKLOADS.some((workload) => workload.name === name));
  if (unknown !== undefined) {
    throw new UsageError(`there is no workload '${unknown}', only ${WORKLOADS.map(({ name }) => name).join(', ')}`);
  }
  if (values.version !== undefined && !['4', '5'].includes(values.version)) {
    throw new UsageError(`--version: expected 4 or 5, not '${values.version}'`);
  }
  return {
    help: values.help === true,
    isQuick,
    isChecked: values.check === true,
    workloads: WORKLOADS.filter(({ name }) => only.length === 0 || only.includes(name)),
    versions: values.version === undefined ? [4, 5] : [Number(values.version)],
    without: list(values.without),
    brokers: (values.broker ?? []).map(readBroker),
    rounds: positive(values.rounds, 'rounds', isQuick ? 3 : 5),
    seconds: positive(values.seconds, 'seconds', isQuick ? 0.3 : 0.7),
  };
}

/** @param {string[]} argv */
function parse(argv) {
  const text = { type: /** @type {const} */ ('string') };
  const flag = { type: /** @type {const} */ ('boolean') };
  const options = {
    ...{ quick: flag, check: flag, help: flag },
    ...{ only: text, without: text, version: text, rounds: text, seconds: text },
    broker: { ...text, multiple: true },
  };
  try {
    return parseArgs({ args: argv, options }).values;
  } catch (error) {
    throw new UsageError(`${error.message.split('. ')[0]} (npm run bench -- --help)`);
  }
}

/** @param {string | undefined} words */
function list(words) {
  return words === undefined ? [] : words.split(',').filter((word) => word !== '');
}

/** @param {string} text */
function readBroker(text) {
  const [, name, command] = /^([\w.-]+)=(.*\{port\}.*)$/s.exec(text) ?? [];
  if (name === undefined) throw new UsageError(`--broker: expected name='command with {port}', not '${text}'`);
  return { name, command };
}

/** @param {string | undefined} given @param {string} name @param {number} byDefault */
function positive(given, name, byDefault) {
  if (given === undefined) return byDefault;
  const number = Number(given);
  if (number > 0) return name === 'rounds' ? Math.ceil(number) : number;
  throw new UsageError(`--${name}: expected a number above 0, not '${given}'`);
}
