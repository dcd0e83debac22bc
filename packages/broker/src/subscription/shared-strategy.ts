import type { SharedStrategy } from '@busbar/protocol';
import type { SharedStrategyName } from '../config/capabilities.ts';
import type { Subscriber } from './receiver.ts';

/** Who of a Shared Subscription gets the next message, by the name that settings have for it (section 4.8.2). */
export function sharedStrategyOf(name: SharedStrategyName): SharedStrategy<Subscriber> {
  if (name === 'random') return { name, random: Math.random };
  if (name === 'leastInFlight') return { name, measure: (subscriber) => subscriber.inFlight };
  return { name };
}
