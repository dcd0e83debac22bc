import type { ListenerOptions } from '@busbar/broker';
import { nearestOf } from '../command/nearest.ts';

/** What is said of a listener's name that none has: which there are, and which was probably meant. */
export function noListenerText(name: string, listeners: readonly ListenerOptions[]): string {
  const known = listeners.flatMap((each) => (each.name === undefined ? [] : [each.name]));
  const there = known.length === 0 ? 'no listener has a name' : `there are ${known.join(', ')}`;
  const near = nearestOf(name, known);
  return `there is no listener '${name}', ${there}${near === undefined ? '' : `; did you mean ${near}?`}`;
}
