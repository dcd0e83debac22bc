/**
 * Runs brokers side by side: for each workload rounds, in each round one broker after the other, all of them running all the
 * time on one processor, and this process, which makes the load, on another. The order changes from round to round.
 */

import { runBench } from '@busbar/bench';
import { findBrokers, startBroker, withFolder } from './brokers.mjs';
import { keepResults } from './keep.mjs';
import { describeCommit, describeMachine } from './machine.mjs';
import { processors } from './processors.mjs';
import { readSettings } from './settings.mjs';
import { summarize } from './summary.mjs';
import { renderTables } from './tables.mjs';
import { labelOf, USER_PROPERTIES } from './workloads.mjs';

const WARM_UP_MS = 250;
const PATIENCE_MS = 3_000;
const SETTLE_MS = 50;
/** Of the run before the rounds, which is not counted. */
const FIRST_SECONDS = 0.3;

const settings = readSettings(process.argv.slice(2));
process.exitCode = await withFolder(main);

/** @param {string} folder @returns {Promise<number>} The exit code. */
async function main(folder) {
  const candidates = findBrokers(settings, folder);
  const running = [];
  const stopAll = () => {
    for (const broker of running) broker.stop();
  };
  for (const [signal, code] of /** @type {const} */ ([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ])) {
    process.on(signal, () => {
      stopAll();
      process.exit(code);
    });
  }
  try {
    for (const candidate of candidates) {
      try {
        running.push(await startBroker(candidate, processors().broker));
      } catch (error) {
        if (candidate.name === 'busbar') throw error;
        process.stderr.write(`busbar: ${candidate.name} is left out: ${error.message}\n`);
      }
    }
    const runs = await measureAll(running);
    const names = running.map(({ name }) => name);
    const summary = summarize({
      date: new Date().toISOString(),
      commit: describeCommit(),
      machine: describeMachine(),
      settings: { rounds: settings.rounds, seconds: settings.seconds, warmUpSeconds: WARM_UP_MS / 1_000 },
      brokers: candidates.filter(({ name }) => names.includes(name)).map(({ name, version }) => ({ name, version })),
      runs,
    });
    process.stdout.write(`\n${renderTables(summary)}`);
    if (settings.isQuick) process.stderr.write('busbar: nothing is kept of --quick\n');
    else process.stderr.write(`busbar: kept in ${keepResults(summary).join(', ')}\n`);
    const missed = summary.rows.flatMap((row) => row.ratios.filter(({ isMet }) => isMet === false));
    return settings.isChecked && missed.length > 0 ? 1 : 0;
  } finally {
    stopAll();
  }
}

/** @param {import('./brokers.mjs').RunningBroker[]} brokers */
async function measureAll(brokers) {
  const runs = [];
  for (const version of settings.versions) {
    for (const workload of settings.workloads) {
      const label = labelOf(workload, version);
      process.stderr.write(`${label.padEnd(11)}`);
      // The first time a broker's compiler is at work, which is nobody's cost per message.
      for (const broker of brokers) await measure(broker, workload, version, FIRST_SECONDS);
      for (let round = 0; round < settings.rounds; round++) {
        for (let place = 0; place < brokers.length; place++) {
          const broker = brokers[(round + place) % brokers.length];
          const run = { workload: workload.name, version, broker: broker.name, round };
          runs.push({ ...run, ...(await measure(broker, workload, version, settings.seconds)) });
        }
        process.stderr.write('.');
      }
      process.stderr.write('\n');
    }
  }
  return runs;
}

/** One broker under one load, once: the result, or why there is none. */
async function measure(broker, { load }, version, seconds) {
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  if (broker.hasEnded()) return { failure: `${broker.name} has ended` };
  try {
    const result = await runBench({
      url: broker.url,
      version,
      threads: 1,
      warmUpMs: WARM_UP_MS,
      durationMs: seconds * 1_000,
      patienceMs: PATIENCE_MS,
      pids: broker.pids(),
      ...load,
      ...(version === 5 && { userProperties: USER_PROPERTIES }),
    });
    return { result };
  } catch (error) {
    return { failure: error.message };
  }
}
