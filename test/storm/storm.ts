import { setTimeout as wait } from 'node:timers/promises';
import { type Client, createClient } from '@busbar/client';
import { BrokerProcess } from '../crash/broker-process.ts';

/** How a storm went. Times in milliseconds since the broker was killed. */
export interface StormFigures {
  readonly clients: number;
  /** When the broker was ready again. */
  readonly readyMs: number;
  /** When each client was back, in order. */
  readonly backMs: readonly number[];
  /** Attempts to connect that were refused with a Reason Code. */
  readonly refused: number;
  /** Messages that were acknowledged from begin to end, and while clients came back. */
  readonly acknowledged: number;
  readonly acknowledgedInStorm: number;
  /** Of a pair that was back at once: from publishing to receiving, while the others came. */
  readonly insideMs: readonly number[];
  /** How often one of the pair lost its connection once it was in. */
  readonly insideEnds: number;
  /** How often the broker has said that it is overloaded. */
  readonly overloadLines: number;
}

const SESSION_SECONDS = 86_400;
/** Clients that connect at a time in the beginning. */
const AT_A_TIME = 100;
/** Messages a second of all clients together. */
const RATE = 500;
const PATIENCE_MS = 240_000;
const PROBE_MS = 50;

/** A device of the plant: gets the messages of the one before it, and sends its own to the next. */
class Device {
  readonly client: Client;
  readonly acknowledged: number[] = [];
  readonly received = new Set<number>();
  readonly #next: string;
  #sent = 0;
  backAt: number | undefined = undefined;
  lostSessions = 0;
  refused = 0;

  constructor(url: string, number: number, count: number) {
    this.#next = `storm/${(number + 1) % count}`;
    this.client = createClient(url, {
      clientIdentifier: `storm-${number}`,
      cleanStart: false,
      sessionExpiryInterval: SESSION_SECONDS,
      keepAlive: 300,
      reconnect: { initialDelayMs: 100, maximumDelayMs: 2_000 },
    });
    let connections = 0;
    this.client.on('connected', ({ sessionPresent }) => {
      this.backAt = performance.now();
      if (connections++ > 0 && !sessionPresent) this.lostSessions++;
    });
    this.client.on('attempt-failed', ({ error }) => {
      if ('reasonCode' in error) this.refused++;
    });
  }

  async begin(number: number): Promise<void> {
    this.client.start();
    await this.client.subscribe(
      `storm/${number}`,
      { qos: 1 },
      (message) => void this.received.add(Number(message.text())),
    );
  }

  async publish(): Promise<void> {
    const number = this.#sent++;
    await this.client.publish(this.#next, String(number), { qos: 1 });
    this.acknowledged.push(number);
  }
}

/**
 * A plant whose broker is killed: thousands of clients with lasting sessions and messages of QoS 1 under way lose it at the same
 * moment and come back as soon as they can.
 */
export class Storm {
  readonly #broker: BrokerProcess;
  readonly #devices: Device[];
  #isLoading = true;
  readonly #lanes: Promise<void>[] = [];
  #acknowledged = 0;

  private constructor(broker: BrokerProcess, count: number) {
    this.#broker = broker;
    this.#devices = Array.from({ length: count }, (_, number) => new Device(broker.url, number, count));
  }

  /** Resolves when all clients are connected and publish. */
  static async begin(count: number): Promise<Storm> {
    const storm = new Storm(await BrokerProcess.create(), count);
    const devices = storm.#devices.entries();
    const lane = async (): Promise<void> => {
      for (const [number, device] of devices) await device.begin(number);
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, lane));
    storm.#load();
    return storm;
  }

  /** Kills the broker, starts it again, and waits until everybody is back. */
  async strike(): Promise<StormFigures> {
    await until('messages to be under way', () => this.#acknowledged > RATE);
    const acknowledgedBefore = this.#acknowledged;
    await this.#broker.kill();
    const killedAt = performance.now();
    for (const device of this.#devices) device.backAt = undefined;
    await this.#broker.start();
    const readyMs = performance.now() - killedAt;
    const inside = await Inside.enter(this.#broker.url);
    await this.#untilBack();
    const probe = await inside.leave();
    const backMs = this.#devices.map(({ backAt = Number.NaN }) => backAt - killedAt).sort((one, other) => one - other);
    const acknowledgedInStorm = this.#acknowledged - acknowledgedBefore;
    const refused = this.#devices.reduce((sum, device) => sum + device.refused, 0);
    await this.#settle();
    const overloadLines = (this.#broker.log.match(/the broker is overloaded"/g) ?? []).length;
    const counts = { clients: this.#devices.length, refused, acknowledged: this.#acknowledged, acknowledgedInStorm };
    return { ...counts, readyMs, backMs, ...probe, overloadLines };
  }

  /** What was acknowledged and has not come, and sessions that were not there any more, a line each. */
  faults(): string[] {
    return this.#devices.flatMap((device, number) => {
      const receiver = this.#devices[(number + 1) % this.#devices.length];
      const missing = device.acknowledged.filter((each) => receiver?.received.has(each) !== true);
      const lost =
        missing.length === 0 ? [] : [`of storm-${number}, ${missing.length} acknowledged messages have not come`];
      return device.lostSessions === 0 ? lost : [...lost, `the session of storm-${number} was gone`];
    });
  }

  async end(): Promise<void> {
    this.#isLoading = false;
    for (const { client } of this.#devices) void client.end({ timeoutMs: 1 }).catch(() => {});
    await this.#broker.remove();
  }

  /** One after the other publishes, so many a second. */
  #load(): void {
    const lanes = Math.min(50, this.#devices.length);
    for (let lane = 0; lane < lanes; lane++) this.#lanes.push(this.#publishOn(lane, lanes));
  }

  async #publishOn(lane: number, lanes: number): Promise<void> {
    for (let at = lane; this.#isLoading; at += lanes) {
      const device = this.#devices[at % this.#devices.length];
      void device?.publish().then(
        () => this.#acknowledged++,
        () => {},
      );
      await wait((lanes * 1000) / RATE);
    }
  }

  async #untilBack(): Promise<void> {
    await until('every client to be back', () => this.#devices.every(({ backAt }) => backAt !== undefined));
  }

  /** Nothing more is published; what was is acknowledged and has come, or never will. */
  async #settle(): Promise<void> {
    this.#isLoading = false;
    await Promise.all(this.#lanes);
    await until('everything to come that was acknowledged', () => this.faults().length === 0).catch(() => {});
  }
}

/** Two clients that are in before the others, and count what they notice of them. */
class Inside {
  readonly #publisher: Client;
  readonly #subscriber: Client;
  readonly #latencies: number[] = [];
  #ends = 0;
  #isOver = false;
  #running: Promise<void> = Promise.resolve();

  private constructor(url: string) {
    const options = { reconnect: { initialDelayMs: 10, maximumDelayMs: 50 } };
    this.#publisher = createClient(url, { clientIdentifier: 'inside-publisher', ...options });
    this.#subscriber = createClient(url, { clientIdentifier: 'inside-subscriber', ...options });
  }

  static async enter(url: string): Promise<Inside> {
    const inside = new Inside(url);
    const both = [inside.#publisher, inside.#subscriber];
    for (const client of both) client.start();
    await inside.#subscriber.subscribe('inside', { qos: 1 }, (message) => {
      inside.#latencies.push(performance.now() - Number(message.text()));
    });
    await inside.#publisher.publish('ready', '', { qos: 1 });
    for (const client of both) client.on('disconnected', () => inside.#ends++);
    inside.#running = inside.#probe();
    return inside;
  }

  async leave(): Promise<{ insideMs: number[]; insideEnds: number }> {
    this.#isOver = true;
    await this.#running;
    const insideEnds = this.#ends;
    await Promise.all([this.#publisher.end(), this.#subscriber.end()]);
    return { insideMs: this.#latencies.sort((one, other) => one - other), insideEnds };
  }

  async #probe(): Promise<void> {
    while (!this.#isOver) {
      await this.#publisher.publish('inside', String(performance.now()), { qos: 1 });
      await wait(PROBE_MS);
    }
  }
}

async function until(what: string, isSo: () => boolean): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!isSo()) {
    if (performance.now() > end) throw new Error(`waited ${PATIENCE_MS / 1000} s for ${what}`);
    await wait(20);
  }
}
