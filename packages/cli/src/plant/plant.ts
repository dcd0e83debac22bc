import { Device, type DeviceOwner } from './device.ts';
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
}

const TICK_MS = 50;
/** A process that was asleep goes on from there; it does not relive the night. */
const LONGEST_STEP_SECONDS = 1;

/** A scenario that is being played: its signals, its devices, and the clock that drives them. */
export class Plant {
  readonly devices: readonly Device[];
  readonly #model: SignalModel;
  #timer: NodeJS.Timeout | undefined;
  #lastTickMs = 0;
  #at = 0;

  /** @throws {ScenarioError} The scenario cannot be played. */
  constructor(scenario: Scenario, { server, seed, owner }: PlantOptions) {
    const { topicRoot } = scenario;
    this.#model = new SignalModel(scenario.signals, seed);
    const random = new Random(seed);
    this.devices = scenario.devices.map(
      (device) => new Device(device, { server, topicRoot, owner, seed: Math.floor(random.next() * 2 ** 32) }),
    );
  }

  start(): void {
    for (const device of this.devices) device.start();
    this.#lastTickMs = performance.now();
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  /** All devices say goodbye: no will is published. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.devices.map((device) => device.stop()));
  }

  #tick(): void {
    const nowMs = performance.now();
    const step = Math.min(LONGEST_STEP_SECONDS, (nowMs - this.#lastTickMs) / 1000);
    this.#lastTickMs = nowMs;
    this.#at += step;
    this.#model.advance(step);
    const now = new Date();
    for (const device of this.devices) device.advance(this.#at, now, this.#model);
  }
}
