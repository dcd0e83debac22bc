import type { Store } from '@busbar/broker';
import { CommandError, WrongUsage } from '../command/command-error.ts';
import type { ValueKind } from '../command/definition.ts';
import { ExitCode } from '../exit-code.ts';

/** Keeps sessions and retained messages as long as the broker runs. */
export const IN_MEMORY = 'memory';

/** A data directory, or {@link IN_MEMORY}. */
export const dataPlace: ValueKind<string> = {
  placeholder: '<directory|memory>',
  parse(given) {
    if (given === '') throw new WrongUsage(`expected a directory or ${IN_MEMORY}, not ''`);
    return given;
  },
};

/** Opens the store of a data directory. @returns Undefined for {@link IN_MEMORY}. @throws {CommandError} In one line, why it cannot be used. */
export async function openDataStore(data: string): Promise<Store | undefined> {
  if (data === IN_MEMORY) return undefined;
  const { openLmdbStore, StoreError } = await loadStore(data);
  try {
    return await openLmdbStore({ directory: data });
  } catch (error) {
    if (error instanceof StoreError) throw new CommandError(ExitCode.failure, adviceFor(error.code, error.message));
    throw error;
  }
}

/** What the store said while the broker took its data up, in one line; undefined for an error of another kind. */
export function storeFault(error: unknown): CommandError | undefined {
  return error instanceof Error && error.name === 'StoreError'
    ? new CommandError(ExitCode.failure, error.message)
    : undefined;
}

/** Loaded when it is wanted: LMDB comes as a build for each platform, and there may be none for this one. */
async function loadStore(data: string): Promise<typeof import('@busbar/store-lmdb')> {
  try {
    return await import('@busbar/store-lmdb');
  } catch (error) {
    const said = error instanceof Error ? error.message.split('\n')[0] : String(error);
    const message = `--data ${data}: LMDB cannot be loaded on this machine (${said}); --data ${IN_MEMORY} does without`;
    throw new CommandError(ExitCode.failure, message);
  }
}

function adviceFor(code: string, message: string): string {
  if (code !== 'store-in-use') return message;
  return `${message}: give this broker another one with --data, or --data ${IN_MEMORY}`;
}
