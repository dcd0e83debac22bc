import type { Broker } from '@busbar/broker';
import { type Client, connect, type Message } from '@busbar/client';
import { hostFor, portOf, startBroker, startBrokerNear, urlOf } from '../broker/running-broker.ts';
import { USUAL_PORT } from '../broker/usual-port.ts';
import type { DeviceOwner } from '../plant/device.ts';
import { Plant } from '../plant/plant.ts';
import type { Scenario } from '../plant/scenario.ts';
import { readVersion } from '../version.ts';
import type { DashboardView } from './dashboard.ts';
import { DemoLog } from './demo-log.ts';
import { EventList } from './event-list.ts';
import { SequenceCheck } from './sequence-check.ts';
import type { DemoSummary } from './summary.ts';
import { Telemetry } from './telemetry.ts';
import type { Totals } from './totals.ts';
import { Traffic } from './traffic.ts';

/** How a demonstration is set up. */
export interface DemoOptions {
  readonly scenario: Scenario;
  readonly host: string;
  /** Absent: 1883, or a free one when that is taken. */
  readonly port: number | undefined;
  /** The data directory, or `memory`. */
  readonly data: string;
  readonly seed: number;
}

const MONITOR = 'busbar-monitor';
const SAMPLE_MS = 500;
const MEASURE_MS = 1000;

/**
 * A broker, a plant that publishes to it, and a subscriber to everything. What is shown of messages is what this subscriber
 * has received through the broker; nothing takes a short cut.
 *
 *     devices --TCP--> broker --TCP--> monitor --> telemetry, events
 */
export class Demo implements DeviceOwner {
  readonly events: EventList;
  readonly broker: Broker;
  readonly #options: DemoOptions;
  readonly #startedAt: number;
  readonly #telemetry: Telemetry;
  readonly #traffic: Traffic;
  readonly #sequences = new SequenceCheck();
  readonly #log: DemoLog;
  readonly #plant: Plant;
  readonly #monitor: Client;
  readonly #timers: readonly NodeJS.Timeout[];
  readonly #connected = new Set<string>();
  #mostConnections = 0;
  #outages = 0;
  #caughtUp = 0;

  /** Starts everything. @throws {CommandError} The broker cannot listen. */
  static async start(options: DemoOptions): Promise<Demo> {
    const startedAt = performance.now();
    const events = new EventList(startedAt);
    const log = new DemoLog((kind, text) => events.add(kind, text, performance.now()));
    log.own.add(MONITOR);
    const { host, port, data } = options;
    const broker = await (port === undefined
      ? startBrokerNear({ host, port: USUAL_PORT, log, data, allowAnonymous: true })
      : startBroker({ host, port, log, data, allowAnonymous: true }));
    try {
      const monitor = await connect(urlOf(broker, host), { clientIdentifier: MONITOR });
      const demo = new Demo(options, { startedAt, events, log, broker, monitor });
      await demo.#begin();
      return demo;
    } catch (error) {
      await broker.stop();
      throw error;
    }
  }

  private constructor(
    options: DemoOptions,
    parts: { startedAt: number; events: EventList; log: DemoLog; broker: Broker; monitor: Client },
  ) {
    const { startedAt, events, log, broker, monitor } = parts;
    const { scenario, seed } = options;
    this.#options = options;
    this.#startedAt = startedAt;
    this.events = events;
    this.#log = log;
    this.broker = broker;
    this.#monitor = monitor;
    this.#telemetry = new Telemetry(startedAt);
    this.#traffic = new Traffic(startedAt);
    this.#plant = new Plant(scenario, { server: urlOf(broker, options.host), seed, owner: this });
    for (const { clientIdentifier } of this.#plant.devices) log.own.add(clientIdentifier);
    this.#timers = [
      setInterval(() => this.#telemetry.sample(), SAMPLE_MS),
      setInterval(() => this.#measure(), MEASURE_MS),
    ];
  }

  /** Where clients find the broker. */
  get address(): { host: string; port: number; isOnOtherPort: boolean } {
    const port = portOf(this.broker);
    const isOnOtherPort = this.#options.port === undefined && port !== USUAL_PORT;
    return { host: hostFor(this.#options.host), port, isOnOtherPort };
  }

  get elapsedMs(): number {
    return performance.now() - this.#startedAt;
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await this.#plant.stop();
    await this.#monitor.end({ timeoutMs: 1000 });
    await this.broker.stop();
  }

  /** What the dashboard shows now; it adds the hints and the length itself. */
  view(): Omit<DashboardView, 'hints' | 'lastsMs'> {
    const { scenario, host } = this.#options;
    const now = performance.now();
    const state = this.#telemetry.valueOf(`${scenario.topicRoot}/${scenario.stateTopic}`) ?? '';
    return {
      program: `Busbar ${readVersion()}`,
      url: urlOf(this.broker, host),
      plant: { name: scenario.name, topicRoot: scenario.topicRoot, state },
      elapsedMs: now - this.#startedAt,
      rows: this.#telemetry.rows(now),
      events: this.events.latest(20),
      totals: this.totals(),
    };
  }

  totals(): Totals {
    const { clients, dropped } = this.broker.stats();
    return {
      receivedPerSecond: this.#traffic.receivedPerSecond,
      deliveredPerSecond: this.#traffic.sentPerSecond,
      connections: clients,
      guests: this.#log.guests.size,
      topics: this.#telemetry.topics,
      dropped: Object.values(dropped).reduce((sum, count) => sum + count, 0),
      cpuPercent: this.#traffic.cpuPercent,
      memoryBytes: process.memoryUsage.rss(),
    };
  }

  summary(): DemoSummary {
    const { messagesReceived, messagesSent, clients } = this.broker.stats();
    const { topics, dropped, memoryBytes } = this.totals();
    const { user, system } = process.cpuUsage();
    return {
      name: this.#options.scenario.name,
      elapsedMs: this.elapsedMs,
      received: messagesReceived,
      delivered: messagesSent,
      dropped,
      devices: this.#plant.devices.length,
      topics,
      retained: this.#telemetry.retained,
      // A day that is over before its first second has been measured at no other time.
      mostConnections: Math.max(this.#mostConnections, clients),
      outages: this.#outages,
      caughtUp: this.#caughtUp,
      numbered: this.#sequences.numbered,
      missing: this.#sequences.missing,
      cpuMs: (user + system) / 1000,
      memoryBytes,
    };
  }

  handleConnected(device: string, sessionPresent: boolean): void {
    const isFirst = !this.#connected.has(device);
    this.#connected.add(device);
    const all = this.#plant.devices.length;
    if (!isFirst) {
      this.#tell('good', `${device} is connected again${sessionPresent ? ', the broker has kept its session' : ''}`);
    } else if (this.#connected.size === all) {
      this.#tell('note', `${all} devices are connected and publish`);
    }
  }

  /** The broker is in this process and lets its devices in. */
  handleNotLetIn(): void {}

  handleLost(device: string): void {
    this.#outages += 1;
    this.#tell('bad', `${device} fell off the network: its TCP connection is broken`);
  }

  handleCaughtUp(device: string, awayMs: number, readings: number): void {
    this.#caughtUp += readings;
    this.#tell('good', `${device} was away for ${(awayMs / 1000).toFixed(1)} s: ${readings} queued readings delivered`);
  }

  async #begin(): Promise<void> {
    await this.#monitor.subscribe('#', { qos: 2, retainAsPublished: true }, (message: Message) =>
      this.#handle(message),
    );
    this.#plant.start();
  }

  #handle(message: Message): void {
    const { topicName, payload } = message;
    this.#telemetry.record(message, performance.now());
    this.#sequences.handle(topicName, payload);
    const { topicRoot } = this.#options.scenario;
    const isStatus = topicName.startsWith(`${topicRoot}/`) && topicName.endsWith('/status');
    if (isStatus && message.text() === 'offline')
      this.#tell('bad', `the broker published its will: ${topicName} is offline`);
  }

  #measure(): void {
    const stats = this.broker.stats();
    this.#traffic.measure(stats, performance.now());
    this.#mostConnections = Math.max(this.#mostConnections, stats.clients);
  }

  #tell(kind: 'good' | 'bad' | 'note', text: string): void {
    this.events.add(kind, text, performance.now());
  }
}
