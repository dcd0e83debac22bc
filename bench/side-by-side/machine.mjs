import { spawnSync } from 'node:child_process';
import { cpus, release, totalmem, type } from 'node:os';
import { ROOT } from '../../scripts/run.mjs';

/** What the figures depend on beside the brokers. */
export function describeMachine() {
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    processors: cpus().length,
    memoryGiB: Number((totalmem() / 2 ** 30).toFixed(1)),
    system: `${type()} ${release()}`,
    node: process.version,
  };
}

/** The commit that is measured, with `+` when files have been changed since. */
export function describeCommit() {
  const git = (...args) => String(spawnSync('git', args, { cwd: ROOT }).stdout ?? '').trim();
  const commit = git('rev-parse', '--short', 'HEAD');
  if (commit === '') return 'unknown';
  return git('status', '--porcelain', '--untracked-files=no') === '' ? commit : `${commit}+`;
}
