import { withoutControls } from '../terminal/width.ts';

/** A topic as the table shows it. */
export interface TopicRow {
  readonly topicName: string;
  /** The last value, readable; of a payload `{"value": ..., "unit": ...}` these two. */
  readonly value: string;
  readonly qos: number;
  readonly retain: boolean;
  readonly messagesPerSecond: number;
  readonly ageMs: number;
  /** The last values, oldest first, one for each {@link Telemetry.sample}; empty when they are no numbers. */
  readonly history: readonly number[];
}

/** What of a message is looked at. */
export interface SeenMessage {
  readonly topicName: string;
  readonly payload: Uint8Array;
  readonly qos: number;
  readonly retain: boolean;
}

/** Topics beyond which new ones are only counted. */
const MAXIMUM_TOPICS = 1000;
const HISTORY = 24;
/** Rates are those of the last five seconds, in slices of half a second. */
const SLICE_MS = 500;
const SLICES = 10;

/**
 * What a subscriber to everything has seen: for each topic the last value, its rate and its age. Reads no clock: the time
 * is an argument, in milliseconds.
 */
export class Telemetry {
  readonly #topics = new Map<string, Topic>();
  readonly #startedAt: number;
  /** Topics that were seen after there were too many of them. */
  untracked = 0;

  constructor(now: number) {
    this.#startedAt = now;
  }

  /** How many topics have been seen, those beyond the bound not included. */
  get topics(): number {
    return this.#topics.size;
  }

  /** How many of them have a retained message: the last one asked for that, and was not empty. */
  get retained(): number {
    return [...this.#topics.values()].filter(({ retain, payload }) => retain && payload.length > 0).length;
  }

  record({ topicName, payload, qos, retain }: SeenMessage, now: number): void {
    let topic = this.#topics.get(topicName);
    if (topic === undefined) {
      if (this.#topics.size >= MAXIMUM_TOPICS) {
        this.untracked += 1;
        return;
      }
      topic = {
        payload,
        byteLength: 0,
        readable: undefined,
        qos,
        retain,
        at: now,
        slices: noSlices(),
        slice: 0,
        history: [],
      };
      this.#topics.set(topicName, topic);
    }
    // A copy: the payload may be a view of much more that was read with it.
    topic.payload = payload.slice(0, LOOKED_AT);
    topic.byteLength = payload.length;
    topic.readable = undefined;
    topic.qos = qos;
    topic.retain = retain;
    topic.at = now;
    advanceSlices(topic, now);
    const slot = topic.slice % SLICES;
    topic.slices[slot] = (topic.slices[slot] ?? 0) + 1;
  }

  /** Adds the current values to the histories. */
  sample(): void {
    for (const topic of this.#topics.values()) {
      const value = numberIn(topic.payload);
      if (value === undefined) topic.history = [];
      else topic.history = [...topic.history.slice(1 - HISTORY), value];
    }
  }

  /** All topics in the order of their names. */
  rows(now: number): TopicRow[] {
    const names = [...this.#topics.keys()].sort();
    return names.flatMap((topicName) => {
      const topic = this.#topics.get(topicName);
      return topic === undefined ? [] : [this.#row(topicName, topic, now)];
    });
  }

  /** The last value of a topic; `undefined` when nothing has come. */
  valueOf(topicName: string): string | undefined {
    const topic = this.#topics.get(topicName);
    return topic === undefined ? undefined : readableOf(topic);
  }

  #row(topicName: string, topic: Topic, now: number): TopicRow {
    advanceSlices(topic, now);
    const { qos, retain, at, slices, history } = topic;
    const looksBackMs = (SLICES - 1) * SLICE_MS + (now % SLICE_MS);
    const seconds = Math.max(SLICE_MS, Math.min(looksBackMs, now - this.#startedAt)) / 1000;
    const messagesPerSecond = slices.reduce((sum, count) => sum + count, 0) / seconds;
    return { topicName, value: readableOf(topic), qos, retain, messagesPerSecond, ageMs: now - at, history };
  }
}

interface Topic {
  /** The beginning of the last payload. */
  payload: Uint8Array;
  /** Of the whole of it. */
  byteLength: number;
  /** Made when somebody looks. */
  readable: string | undefined;
  qos: number;
  retain: boolean;
  at: number;
  readonly slices: number[];
  /** The number of the current slice since the epoch. */
  slice: number;
  history: number[];
}

function noSlices(): number[] {
  return new Array<number>(SLICES).fill(0);
}

function readableOf(topic: Topic): string {
  topic.readable ??= readableValue(topic.payload, topic.byteLength);
  return topic.readable;
}

/** Empties the slices that have become too old. */
function advanceSlices(topic: Topic, now: number): void {
  const slice = Math.floor(now / SLICE_MS);
  const passed = Math.min(SLICES, slice - topic.slice);
  for (let back = 0; back < passed; back++) topic.slices[(slice - back) % SLICES] = 0;
  topic.slice = Math.max(topic.slice, slice);
}

/** Bytes of a payload that are looked at; a table shows no more. */
const LOOKED_AT = 4096;

/** A payload as a person wants to read it in one line. @param byteLength Of the whole, when only its beginning is given. */
export function readableValue(payload: Uint8Array, byteLength: number = payload.length): string {
  if (payload.length === 0) return '(empty)';
  const text = decode(payload);
  if (text === undefined) return `${byteLength} bytes: ${Buffer.from(payload.subarray(0, 16)).toString('hex')}`;
  const measured = readMeasurement(text);
  if (measured === undefined) return withoutControls(text);
  return withoutControls(measured.unit === undefined ? String(measured.value) : `${measured.value} ${measured.unit}`);
}

function numberIn(payload: Uint8Array): number | undefined {
  const text = decode(payload);
  if (text === undefined || text.trim() === '') return undefined;
  const value = Number(readMeasurement(text)?.value ?? text);
  return Number.isFinite(value) ? value : undefined;
}

/** A character that is cut off at the end of the beginning is left out; anything else that is no UTF-8 is not a text. */
function decode(payload: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(payload, { stream: payload.length >= LOOKED_AT });
  } catch {
    return undefined;
  }
}

function readMeasurement(text: string): { value: number | string; unit: string | undefined } | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    const { value, unit }: Record<string, unknown> = JSON.parse(text);
    if (typeof value !== 'number' && typeof value !== 'string') return undefined;
    return { value, unit: typeof unit === 'string' ? unit : undefined };
  } catch {
    return undefined;
  }
}
