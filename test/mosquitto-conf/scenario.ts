import type { ConfiguredBroker } from './both-brokers.ts';

/** What a scenario does, and what it saw: with one mosquitto.conf, both brokers must show the same. */
export interface Scenario {
  readonly conf: string;
  readonly args?: readonly string[];
  /** Before the start: files beside the configuration. */
  readonly prepare?: (broker: ConfiguredBroker) => void | Promise<void>;
  readonly see: (broker: ConfiguredBroker) => Promise<unknown>;
}

/** Scenarios by what they show. */
export type Scenarios = Readonly<Record<string, Scenario>>;

/** A listener that everybody may come in through. */
export const OPEN = 'listener $PORT 127.0.0.1\nallow_anonymous true\n';
/** What CONNECT has of a user. */
export const named = (userName: string, password = `pw-${userName}`) => ({ userName, password: Buffer.from(password) });
/** A client that comes back to its session. */
export const lasting = { cleanStart: false, clientIdentifier: 'lasting' };
