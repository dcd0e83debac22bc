import { type Client, createClient } from '@busbar/client';
import { type ByteTransport, dialTcp, TransportError } from '@busbar/transport';
import { Outages } from './outages.ts';
import { Random } from './random.ts';
import { type Publication, Readings } from './readings.ts';
import type { DeviceDescription } from './scenario.ts';
import type { SignalModel } from './signal-model.ts';

/** Whom a device tells what happens to it. */
export interface DeviceOwner {
  /** The device is connected; `sessionPresent` when the server has kept its session. */
  handleConnected(device: string, sessionPresent: boolean): void;
  /** The server has not let it in, or was not there; it tries again. */
  handleNotLetIn(device: string, error: Error): void;
  /** Its network is gone, and with it its connection. */
  handleLost(device: string): void;
  /** It is back, and what it had measured meanwhile has been taken by the server. */
  handleCaughtUp(device: string, awayMs: number, readings: number): void;
}

/** Where a device connects to, and what makes it itself. */
export interface DeviceSurroundings {
  /** Its URL. */
  readonly server: string;
  readonly topicRoot: string;
  readonly seed: number;
  readonly owner: DeviceOwner;
  readonly access?: DeviceAccess | undefined;
}

/** What a device needs to be let in, beside the server's URL. */
export interface DeviceAccess {
  readonly userName?: string | undefined;
  readonly password?: string | undefined;
  /** Makes the connection in place of plain TCP. */
  readonly dial?: ((signal: AbortSignal) => Promise<ByteTransport>) | undefined;
}

const ONLINE = 'online';
const OFFLINE = 'offline';
/** A device on the shop floor tries again soon. */
const RECONNECT = { initialDelayMs: 400, maximumDelayMs: 800 };
const SESSION_SECONDS = 600;
/** Milliseconds that a device takes to say goodbye. */
const END_TIMEOUT_MS = 1000;

/**
 * A simulated device: a client of its own with a connection, a will and a session of its own. It publishes its readings,
 * and `online` as the retained message on its status topic, where its will says `offline`.
 *
 *     connected --the network goes--> away: readings of QoS 1 and 2 wait in the client --the network is back--> connected
 */
export class Device {
  readonly name: string;
  readonly clientIdentifier: string;
  readonly #client: Client;
  readonly #readings: Readings;
  readonly #outages: Outages | undefined;
  readonly #statusTopic: string;
  readonly #owner: DeviceOwner;
  readonly #access: DeviceAccess;
  #transport: ByteTransport | undefined;
  #isOut = false;
  #isEnding = false;
  #lostAtMs = 0;
  #waiting: Promise<boolean>[] = [];

  constructor(description: DeviceDescription, surroundings: DeviceSurroundings) {
    const { name, outage } = description;
    const { server, topicRoot, seed, owner, access = {} } = surroundings;
    const random = new Random(seed);
    this.name = name;
    this.#owner = owner;
    this.#access = access;
    this.clientIdentifier = `${topicRoot.replaceAll('/', '-')}-${name}`;
    this.#statusTopic = `${topicRoot}/${name}/status`;
    this.#readings = new Readings(description, topicRoot, random);
    this.#outages = outage === undefined ? undefined : new Outages(outage, random);
    this.#client = createClient(server, {
      clientIdentifier: this.clientIdentifier,
      cleanStart: false,
      sessionExpiryInterval: SESSION_SECONDS,
      keepAlive: 30,
      ...(access.userName !== undefined && { userName: access.userName }),
      ...(access.password !== undefined && { password: access.password }),
      will: { topicName: this.#statusTopic, payload: OFFLINE, qos: 1, retain: true },
      reconnect: RECONNECT,
      dial: (address, signal) => this.#dial(address, signal),
    });
    this.#client.on('connected', ({ sessionPresent }) => this.#handleConnected(sessionPresent));
    this.#client.on('attempt-failed', ({ error }) => {
      if (!this.#isOut && !this.#isEnding) owner.handleNotLetIn(name, error);
    });
  }

  start(): void {
    this.#client.start();
  }

  /**
   * Lives on to a point in time: publishes what is due, loses its network or gets it back.
   *
   * @param at Seconds since the start.
   */
  advance(at: number, now: Date, model: SignalModel): void {
    const isOut = this.#outages?.isOutAt(at) ?? false;
    if (isOut !== this.#isOut) this.#changeNetwork(isOut);
    for (const publication of this.#readings.takeDue(at, now, model)) this.#publish(publication);
  }

  async stop(): Promise<void> {
    this.#isEnding = true;
    await this.#client.end({ timeoutMs: this.#isOut ? 0 : END_TIMEOUT_MS });
  }

  #changeNetwork(isOut: boolean): void {
    this.#isOut = isOut;
    if (!isOut) return;
    this.#lostAtMs = performance.now();
    this.#transport?.destroy();
    this.#owner.handleLost(this.name);
  }

  async #dial({ host, port }: { host: string; port: number }, signal: AbortSignal): Promise<ByteTransport> {
    if (this.#isOut) throw new TransportError('ENETUNREACH', `${this.name} has no network (ENETUNREACH)`);
    this.#transport = await (this.#access.dial?.(signal) ?? dialTcp({ host, port, signal }));
    return this.#transport;
  }

  #publish({ topicName, payload, qos, retain }: Publication): void {
    const isTaken = this.#client.publish(topicName, payload, { qos, retain }).then(
      () => true,
      () => false, // nobody is there, and QoS 0 does not wait
    );
    if (this.#isOut && qos > 0) this.#waiting.push(isTaken);
  }

  #handleConnected(sessionPresent: boolean): void {
    this.#owner.handleConnected(this.name, sessionPresent);
    this.#publish({ topicName: this.#statusTopic, payload: ONLINE, qos: 1, retain: true });
    if (this.#lostAtMs === 0) return;
    const awayMs = performance.now() - this.#lostAtMs;
    this.#lostAtMs = 0;
    const waiting = this.#waiting;
    this.#waiting = [];
    void Promise.all(waiting).then((taken) => {
      this.#owner.handleCaughtUp(this.name, awayMs, taken.filter(Boolean).length);
    });
  }
}
