import { vi } from 'vitest';
import { main } from '../../src/main.ts';

/** Runs `busbar` in this process, for what ends before anything is opened: much quicker than a process of its own. */
export async function runInProcess(
  args: readonly string[],
  calledAs = 'busbar',
): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const { stdoutBytes, ...ended } = await runForBytes(args, calledAs);
  return { ...ended, stdout: stdoutBytes.toString() };
}

/** The same, with stdout as the bytes that it is. */
export async function runForBytes(
  args: readonly string[],
  calledAs = 'busbar',
): Promise<{ exitCode: number; stdoutBytes: Buffer; stderr: string }> {
  const stdout: Buffer[] = [];
  const stderr: string[] = [];
  const out = vi.spyOn(process.stdout, 'write').mockImplementation((bytes, ...more) => {
    for (const each of more) if (typeof each === 'function') each();
    return stdout.push(Buffer.from(bytes)) > 0;
  });
  const err = vi.spyOn(process.stderr, 'write').mockImplementation((text) => stderr.push(String(text)) > 0);
  try {
    const exitCode = await main(args, calledAs);
    return { exitCode, stdoutBytes: Buffer.concat(stdout), stderr: stderr.join('') };
  } finally {
    out.mockRestore();
    err.mockRestore();
  }
}
