import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { BrokerHooks, BrokerLog } from '@busbar/broker';
import { CommandError } from '../command/command-error.ts';
import { ExitCode } from '../exit-code.ts';

/** What the function that an extension exports is given. */
export interface ExtensionContext {
  readonly log: BrokerLog;
}

const SHAPES =
  'expected a default export that is an object of hooks with a name, a list of them, or a function that gives them';

/**
 * Loads the modules that a configuration names as extensions. They are programs: they run with the broker's rights.
 *
 * @param folder Where relative files are looked for.
 * @throws {CommandError} One cannot be loaded, or exports no hooks.
 */
export async function loadExtensions(
  files: readonly string[] | undefined,
  folder: string,
  context: ExtensionContext,
): Promise<BrokerHooks[]> {
  const hooks: BrokerHooks[] = [];
  for (const [at, file] of (files ?? []).entries()) {
    try {
      hooks.push(...(await loadOne(path.resolve(folder, file), context)));
    } catch (error) {
      throw new CommandError(ExitCode.failure, `extensions[${at}] (${file}): ${reasonOf(error)}`);
    }
  }
  return hooks;
}

async function loadOne(file: string, context: ExtensionContext): Promise<BrokerHooks[]> {
  const module = (await import(pathToFileURL(file).href)) as { default?: unknown };
  const exported = module.default;
  const given: unknown = typeof exported === 'function' ? await exported(context) : exported;
  return (Array.isArray(given) ? given : [given]).map(checked);
}

function checked(given: unknown): BrokerHooks {
  if (typeof given !== 'object' || given === null) throw new TypeError(`${SHAPES}; ${typeof given} came`);
  const { name } = given as { readonly name?: unknown };
  if (typeof name !== 'string' || name === '') throw new TypeError(`${SHAPES}; the name is missing`);
  const unknown = Object.entries(given).find(([key, value]) => typeof value === 'function' && !HOOKS.has(key));
  if (unknown !== undefined)
    throw new TypeError(`there is no hook '${unknown[0]}'; there are ${[...HOOKS].join(', ')}`);
  return given as BrokerHooks;
}

const HOOKS: ReadonlySet<string> = new Set<keyof BrokerHooks>([
  'start',
  'authenticate',
  'connect',
  'authorize',
  'subscribe',
  'publish',
  'deliver',
  'disconnect',
  'drop',
  'session',
  'stop',
]);

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // The first line of the stack of a SyntaxError says where it is.
  const place = error instanceof SyntaxError ? error.stack?.split('\n')[0] : undefined;
  return place === undefined || place.includes(error.message) ? error.message : `${error.message} (${place})`;
}
