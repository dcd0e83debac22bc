import type { SignalDescription } from './signal.ts';

/** A plant as plain data: its signals, and the devices that publish them. */
export interface Scenario {
  readonly name: string;
  /** Before every topic, such as `plant/line1`. */
  readonly topicRoot: string;
  /** Below it: the topic that tells the state of the whole, such as `control/state`. */
  readonly stateTopic: string;
  readonly signals: Readonly<Record<string, SignalDescription>>;
  readonly devices: readonly DeviceDescription[];
}

/** A device: one client with its own connection. It publishes below `topicRoot/name/`, and its presence on `.../status`. */
export interface DeviceDescription {
  readonly name: string;
  readonly readings: readonly ReadingDescription[];
  /** When it falls off the network; absent: never. */
  readonly outage?: OutageDescription;
}

/** What is published of a signal, how, and how often. */
export interface ReadingDescription {
  /** The last level of the topic. */
  readonly name: string;
  readonly signal: string;
  /** Seconds between two readings, or `change`: whenever the value is another one. */
  readonly every: number | 'change';
  /** Only while this signal is above 0.5: a machine that stands measures nothing. */
  readonly while?: string;
  /** Default 0. */
  readonly qos?: 0 | 1 | 2;
  readonly retain?: boolean;
  /** Default 1; a negative number rounds down to a whole one. */
  readonly decimals?: number;
  readonly unit?: string;
  /** So many readings at once whenever one is due; default 1. */
  readonly burst?: number;
  /** `text` is the number alone; `json` also has unit, time and a number that counts the readings. Default `text`. */
  readonly payload?: 'text' | 'json';
}

/** Loss of the network: the TCP connection breaks, and for a while no other can be made. All in seconds. */
export interface OutageDescription {
  readonly firstAfter: number;
  readonly lasts: readonly [from: number, to: number];
  /** From the return to the next loss. */
  readonly pause: readonly [from: number, to: number];
}
