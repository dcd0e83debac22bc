import { Device, type DeviceAccess, type DeviceOwner } from './device.ts';
import { Random } from './random.ts';
import type { Scenario } from './scenario.ts';
import { SignalModel } from './signal-model.ts';

/** How a scenario is played. */
export interface PlantOptions {
  /** The URL of the server that the devices publish to. */
  readonly server: string;
  /** The same seed gives the same day. */
  readonly seed: number;
  readonly owner: DeviceOwner;
  readonly access?: DeviceAccess | undefined;
}

const STEP_MS = 50;
/** A process that was asleep goes on from there; it does not relive the night. */
const MOST_STEPS_BEHIND = 20;

/**
 * A scenario that is being played: its signals, its devices, and the clock that drives them. Time passes in equal steps,
 * whenever the timer comes, so that the same seed gives the same values.
 */
export class Plant {
  readonly devices: readonly Device[];
  readonly #model: SignalModel;
  #timer: NodeJS.Timeout | undefined;
  /** The next step is due at this time, after so many before it. */
  #nextStepAtMs = 0;
  #steps = 0;

  /** @throws {ScenarioError} The scenario cannot be played. */
  constructor(scenario: Scenario, { server, seed, owner, access }: PlantOptions) {
    const { topicRoot } = scenario;
    this.#model = new SignalModel(scenario.signals, seed);
    const random = new Random(seed);
    this.devices = scenario.devices.map(
      (device) => new Device(device, { server, topicRoot, owner, access, seed: Math.floor(random.next() * 2 ** 32) }),
    );
  }

  start(): void {
    for (const device of this.devices) device.start();
    this.#nextStepAtMs = performance.now();
    this.#timer = setInterval(() => this.#catchUp(), STEP_MS);
  }

  /** All devices say goodbye: no will is published. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.devices.map((device) => device.stop()));
  }

  #catchUp(): void {
    const nowMs = performance.now();
    this.#nextStepAtMs = Math.max(this.#nextStepAtMs, nowMs - MOST_STEPS_BEHIND * STEP_MS);
    const now = new Date();
    for (; this.#nextStepAtMs <= nowMs; this.#nextStepAtMs += STEP_MS) {
      this.#steps += 1;
      this.#model.advance(STEP_MS / 1000);
      for (const device of this.devices) device.advance((this.#steps * STEP_MS) / 1000, now, this.#model);
    }
  }
}
