import type { ListenerOptions } from '@busbar/broker';
import type { ConfiguredOptions } from '../config/broker-options.ts';

type Listening = Pick<ConfiguredOptions, 'listeners' | 'authorization'>;
type Authorization = ConfiguredOptions['authorization'];

/**
 * What a new configuration says about the listeners that are open, each found by where it listens: a listener that is added,
 * moved or taken out needs a new start, and must not give its users and rules to the one whose turn it is now.
 *
 * @returns In the order of those that are open. One that is not in the new configuration is as it was.
 */
export function replacementsOf(open: Listening, next: Listening): readonly ListenerOptions[] {
  return pairsOf(open, next).map(([before, after = before]) => after);
}

/** The rules of a new configuration, with the files of listeners under the names that these have been opened with. */
export function rulesOf(open: Listening, next: Listening): Authorization {
  const files = pairsOf(open, next).flatMap(([before, after]) => {
    const file = after === undefined ? fileOf(open, before) : fileOf(next, after);
    return before.name === undefined || file === undefined ? [] : [[before.name, file] as const];
  });
  const { listenerAclFiles: _, ...rules } = next.authorization ?? {};
  if (files.length > 0) return { ...rules, listenerAclFiles: Object.fromEntries(files) };
  return next.authorization === undefined ? undefined : rules;
}

function pairsOf({ listeners: open = [] }: Listening, { listeners: next = [] }: Listening) {
  const left = [...next];
  return open.map((before): readonly [ListenerOptions, ListenerOptions | undefined] => {
    const at = left.findIndex((each) => placeOf(each) === placeOf(before));
    return [before, at === -1 ? undefined : left.splice(at, 1)[0]];
  });
}

/** Ports that are not said, and that the system chooses, are told apart by their order. */
function placeOf({ transport = 'tcp', host = 'localhost', port, path }: ListenerOptions): string {
  return JSON.stringify(transport === 'unix' ? [transport, path] : [transport, host, port]);
}

function fileOf({ authorization }: Listening, { name }: ListenerOptions) {
  const files = authorization?.listenerAclFiles ?? {};
  return name !== undefined && Object.hasOwn(files, name) ? files[name] : undefined;
}
