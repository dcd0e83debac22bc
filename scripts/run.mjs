/**
 * Runs commands for the scripts beside it and shows their progress, one line per step:
 *
 *     busbar: installing packages (npm ci) ... 9.2 s
 *
 * Uses nothing but Node, so it works before `node_modules` exists.
 */

import { spawn } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root folder. */
export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

/** Something in the surroundings stops us; `message` is the one line that says what and what to do. */
export class SetUpError extends Error {}

/**
 * Runs `action` and writes its name and duration to standard error.
 * @template T
 * @param {string} name
 * @param {() => Promise<T>} action
 * @returns {Promise<T>}
 */
export async function step(name, action) {
  const startedAt = performance.now();
  process.stderr.write(`busbar: ${name} ...`);
  try {
    const result = await action();
    process.stderr.write(` ${((performance.now() - startedAt) / 1000).toFixed(1)} s\n`);
    return result;
  } catch (error) {
    process.stderr.write(' failed\n');
    throw error;
  }
}

/**
 * Runs a command to its end and keeps what it writes.
 * @param {string} command
 * @param {string[]} args
 * @param {{ env?: Record<string, string>, timeoutMs?: number }} [options]
 * @returns {Promise<{ code: number, output: string }>} `code` is 127 when the command does not exist, 128 when a signal ended it.
 */
export function run(command, args, { env = {}, timeoutMs = 0 } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: ROOT,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeoutMs,
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (text) => {
        output += text;
      });
    }
    child.on('error', (error) => resolve({ code: 127, output: error.message }));
    child.on('close', (code) => resolve({ code: code ?? 128, output }));
  });
}
