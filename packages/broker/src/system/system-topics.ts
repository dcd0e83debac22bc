import { NO_PROPERTIES, UsageError } from '@busbar/codec';
import { ApplicationMessage } from '@busbar/protocol';
import type { Clock } from '../clock/clock.ts';
import { Alarm, type TimerWheel } from '../clock/timer-wheel.ts';
import type { BrokerStats } from './broker-stats.ts';
import { LOAD_MINUTES, LoadAverage } from './load-average.ts';

const DEFAULT_INTERVAL_SECONDS = 10;
const MAXIMUM_INTERVAL_SECONDS = 86_400;

/** @throws {UsageError} Not a number of seconds from 0 to a day. */
export function resolveSystemTopicsInterval(seconds: number = DEFAULT_INTERVAL_SECONDS): number {
  if (seconds >= 0 && seconds <= MAXIMUM_INTERVAL_SECONDS) return seconds;
  const message = `systemTopicsInterval must be 0 to ${MAXIMUM_INTERVAL_SECONDS} seconds, not ${seconds}`;
  throw new UsageError('invalid-interval', message);
}

const PREFIX = '$SYS/broker/';

/** What {@link SystemTopics} needs of the rooms around it. */
export interface SystemTopicsRooms {
  readonly clock: Clock;
  readonly wheel: TimerWheel;
  /** Seconds between two publications; 0 publishes nothing. */
  readonly intervalSeconds: number;
  /** Shown as `$SYS/broker/version`. */
  readonly version: string;
  /** What acknowledgements are worth, shown as `$SYS/broker/store/durability`. */
  readonly durability: string;
  /** Why the store cannot keep anything at the moment, shown as `$SYS/broker/store/failure`; `none` when it can again. */
  failure(): string | undefined;
  read(): BrokerStats;
  publish(message: ApplicationMessage): void;
}

/**
 * Publishes what goes on in the broker under `$SYS/broker/`, retained, with the topics that Mosquitto's users know. A value that
 * has not changed is not published again. `#` does not match these topics (section 4.7.2).
 */
export class SystemTopics {
  readonly #rooms: SystemTopicsRooms;
  readonly #startedAt: number;
  readonly #alarm = new Alarm(() => this.#publishAll());
  readonly #published = new Map<string, string>();
  readonly #loads = new Map<string, LoadAverage>();
  #publishedAt: number;

  constructor(rooms: SystemTopicsRooms) {
    this.#rooms = rooms;
    this.#startedAt = rooms.clock.now();
    this.#publishedAt = this.#startedAt;
  }

  start(): void {
    if (this.#rooms.intervalSeconds === 0) return;
    this.#publish('version', `busbar version ${this.#rooms.version}`);
    this.#publish('store/durability', this.#rooms.durability);
    this.#publishAll();
  }

  stop(): void {
    this.#rooms.wheel.clear(this.#alarm);
  }

  #publishAll(): void {
    const now = this.#rooms.clock.now();
    const seconds = (now - this.#publishedAt) / 1000;
    this.#publishedAt = now;
    const stats = this.#rooms.read();
    const failure = this.#rooms.failure();
    if (failure !== undefined || this.#published.has('store/failure'))
      this.#publish('store/failure', failure ?? 'none');
    this.#publish('overload', stats.overload.level);
    this.#publish('uptime', `${Math.floor((now - this.#startedAt) / 1000)} seconds`);
    for (const [topic, value] of Object.entries(totalsOf(stats))) this.#publish(topic, String(value));
    for (const [topic, total] of Object.entries(loadsOf(stats))) this.#publishLoad(topic, total, seconds);
    this.#rooms.wheel.set(this.#alarm, now + this.#rooms.intervalSeconds * 1000);
  }

  #publishLoad(topic: string, total: number, seconds: number): void {
    const load = this.#loads.get(topic) ?? new LoadAverage();
    this.#loads.set(topic, load);
    for (const [index, average] of load.update(total, seconds).entries()) {
      this.#publish(`load/${topic}/${LOAD_MINUTES[index]}min`, average.toFixed(2));
    }
  }

  #publish(topic: string, value: string): void {
    if (this.#published.get(topic) === value) return;
    this.#published.set(topic, value);
    const payload = new TextEncoder().encode(value);
    const content = { topicName: PREFIX + topic, payload, qos: 0, retain: true, properties: NO_PROPERTIES } as const;
    this.#rooms.publish(ApplicationMessage.of(content, '', this.#rooms.clock.now()));
  }
}

function totalsOf(stats: BrokerStats): Record<string, number> {
  return {
    'clients/total': stats.sessions,
    'clients/connected': stats.clients,
    'clients/disconnected': stats.sessions - stats.clients,
    'clients/maximum': stats.clientsMaximum,
    'clients/expired': stats.sessionsExpired,
    'messages/received': stats.packetsReceived,
    'messages/sent': stats.packetsSent,
    'messages/stored': stats.retained,
    'publish/messages/received': stats.messagesReceived,
    'publish/messages/sent': stats.messagesSent,
    'publish/messages/dropped': stats.messagesDropped,
    ...Object.fromEntries(Object.entries(stats.dropped).map(([reason, count]) => [`losses/${reason}`, count])),
    ...Object.fromEntries(Object.entries(stats.limitsReached).map(([limit, count]) => [`limits/${limit}`, count])),
    'bytes/received': stats.bytesReceived,
    'bytes/sent': stats.bytesSent,
    'subscriptions/count': stats.subscriptions,
    'shared_subscriptions/count': stats.sharedSubscriptions,
    'retained messages/count': stats.retained,
    'store/messages/count': stats.retained,
    'store/messages/bytes': stats.retainedBytes,
    'heap/current': stats.heapBytes,
  };
}

function loadsOf(stats: BrokerStats): Record<string, number> {
  return {
    'messages/received': stats.packetsReceived,
    'messages/sent': stats.packetsSent,
    'publish/received': stats.messagesReceived,
    'publish/sent': stats.messagesSent,
    'publish/dropped': stats.messagesDropped,
    'bytes/received': stats.bytesReceived,
    'bytes/sent': stats.bytesSent,
    sockets: stats.connectionsAccepted,
    connections: stats.connectsAccepted,
  };
}
