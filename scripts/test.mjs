/**
 * `npm test`: sets up, gets the peers of the interoperability tests, runs vitest with the arguments given after `--`,
 * and ends with the line `N passed, N failed` (and `, N skipped` when there are any).
 *
 * What did not run never looks like passing: a file that cannot be loaded, an error outside of any test, a vitest that
 * died, and a run without any test all count as a failure.
 */

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { installPeers } from './peers.mjs';
import { ROOT, SetUpError } from './run.mjs';
import { setUp } from './setup.mjs';

/** @returns {Promise<{ passed: number, failed: number, skipped: number }>} */
async function runTests() {
  await setUp();
  await installPeers();
  const folder = mkdtempSync(path.join(tmpdir(), 'busbar-test-'));
  try {
    const reportFile = path.join(folder, 'report.json');
    const exitCode = await runVitest(reportFile);
    return count(readReport(reportFile), exitCode);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {string} reportFile @returns {Promise<number>} */
function runVitest(reportFile) {
  const vitest = path.join(ROOT, 'node_modules/vitest/vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`];
  return new Promise((resolve) => {
    const args = [vitest, 'run', ...reporters, ...process.argv.slice(2)];
    const child = spawn(process.execPath, args, { cwd: ROOT, stdio: 'inherit' });
    // A terminal sends its SIGINT to both of us; what is sent to us alone is passed on.
    for (const signal of ['SIGINT', 'SIGTERM']) {
      process.on(signal, () => {
        if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
      });
    }
    child.on('error', () => resolve(127));
    child.on('close', (code) => resolve(code ?? 128));
  });
}

/** @param {string} reportFile */
function readReport(reportFile) {
  try {
    return JSON.parse(readFileSync(reportFile, 'utf8'));
  } catch {
    return undefined;
  }
}

function count(report, exitCode) {
  const passed = report?.numPassedTests ?? 0;
  let failed = report?.numFailedTests ?? 0;
  const skipped = (report?.numTotalTests ?? 0) - passed - failed;
  for (const file of report?.testResults ?? []) {
    // The file did not load, or a hook failed: then its tests did not run.
    const hasFailedTest = file.assertionResults.some((test) => test.status === 'failed');
    if (file.status === 'failed' && !hasFailedTest) failed += 1;
  }
  if (failed === 0 && (exitCode !== 0 || report?.success !== true || passed === 0)) failed = 1;
  return { passed, failed, skipped };
}

let result = { passed: 0, failed: 1, skipped: 0 };
try {
  result = await runTests();
} catch (error) {
  process.stderr.write(`busbar: ${error instanceof SetUpError ? error.message : error.stack}\n`);
}
const skipped = result.skipped > 0 ? `, ${result.skipped} skipped` : '';
process.stdout.write(`${result.passed} passed, ${result.failed} failed${skipped}\n`);
process.exitCode = result.failed > 0 ? 1 : 0;
