import { spawn } from 'node:child_process';
import { ExitCode } from '../exit-code.ts';

/**
 * Starts the same command in the background, and leaves it there once it says that it is ready. When it ends before, what it has
 * said comes out here.
 *
 * @param words As typed, the script included.
 * @returns The exit code: its own when it has ended.
 */
export function runInBackground(words: readonly string[]): Promise<number> {
  const own = words.filter((word) => word !== '-d' && word !== '--daemon');
  // What it writes to these pipes when nobody reads them any more is lost, and does not disturb it.
  const child = spawn(process.execPath, own, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const said: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk));
  return new Promise((resolve) => {
    child.stdout.once('data', () => {
      child.stdout.destroy();
      child.stderr.destroy();
      child.unref();
      resolve(ExitCode.success);
    });
    child.once('close', (exitCode) => {
      process.stderr.write(Buffer.concat(said));
      resolve(exitCode ?? ExitCode.failure);
    });
  });
}
