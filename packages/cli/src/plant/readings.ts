import type { Random } from './random.ts';
import type { DeviceDescription, ReadingDescription } from './scenario.ts';
import type { SignalModel } from './signal-model.ts';

/** A message that a device wants to publish. */
export interface Publication {
  readonly topicName: string;
  readonly payload: string;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
}

/** Decides what a device publishes when. Reads no clock: the time is an argument. */
export class Readings {
  readonly #readings: readonly Reading[];

  /** @param random Spreads the first readings, so that not everything is published in the same instant. */
  constructor(device: DeviceDescription, topicRoot: string, random: Random) {
    this.#readings = device.readings.map((description) => ({
      description,
      topicName: `${topicRoot}/${device.name}/${description.name}`,
      dueAt: typeof description.every === 'number' ? random.between(0, Math.min(description.every, 1)) : 0,
      last: undefined,
      count: 0,
    }));
  }

  /**
   * What is due, in the order of the description. Time that was slept through is not made up for.
   *
   * @param at Seconds since the start.
   * @param now The time of day that goes into the payloads.
   */
  takeDue(at: number, now: Date, model: SignalModel): Publication[] {
    return this.#readings
      .filter((reading) => isDue(reading, at, model))
      .flatMap((reading) => {
        const { description, topicName } = reading;
        if (typeof description.every === 'number')
          reading.dueAt = Math.max(reading.dueAt, at - 0.1) + description.every;
        reading.last = roundedValue(description, model);
        const { qos = 0, retain = false, burst = 1 } = description;
        return Array.from({ length: burst }, () => {
          reading.count += 1;
          return { topicName, payload: payloadOf(description, reading.last ?? '', reading.count, now), qos, retain };
        });
      });
  }
}

interface Reading {
  readonly description: ReadingDescription;
  readonly topicName: string;
  dueAt: number;
  last: string | undefined;
  count: number;
}

function isDue({ description, dueAt, last }: Reading, at: number, model: SignalModel): boolean {
  if (description.while !== undefined && model.number(description.while) <= 0.5) return false;
  return description.every === 'change' ? roundedValue(description, model) !== last : at >= dueAt;
}

function roundedValue({ signal, decimals = 1 }: ReadingDescription, model: SignalModel): string {
  const value = model.value(signal);
  if (typeof value === 'string') return value;
  return decimals < 0 ? String(Math.floor(value)) : value.toFixed(decimals);
}

function payloadOf({ payload = 'text', unit }: ReadingDescription, rounded: string, count: number, now: Date): string {
  if (payload === 'text') return rounded;
  const value = Number.isNaN(Number(rounded)) ? rounded : Number(rounded);
  return JSON.stringify({ value, ...(unit !== undefined && { unit }), time: now.toISOString(), n: count });
}
