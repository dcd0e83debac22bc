import { spawn } from 'node:child_process';
import { ExitCode } from '../exit-code.ts';

/** Starts the same command in the background, and leaves it there. @param words As typed, the script included. */
export function runInBackground(words: readonly string[]): number {
  const child = spawn(
    process.execPath,
    words.filter((word) => word !== '-d' && word !== '--daemon'),
    {
      detached: true,
      stdio: 'ignore',
    },
  );
  child.unref();
  return ExitCode.success;
}
