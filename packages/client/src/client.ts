import { NO_PROPERTIES, type QoS, UsageError } from '@busbar/codec';
import {
  type Agreement,
  BlockPool,
  ClientConnection,
  type ClientConnectionOwner,
  type LostInFlight,
  type MessageContent,
  SessionState,
} from '@busbar/protocol';
import { type ClientEventName, type ClientEvents, EventEmitter } from './client-events.ts';
import { bytesOf, type ClientLog, type ClientOptions, type ClientSettings, settle } from './client-options.ts';
import { type ClientCounters, Tally } from './counters.ts';
import { Dialer, type DialerOwner, type DialerState } from './dialer/dialer.ts';
import type { Message } from './message.ts';
import type { PublishOptions, PublishOutcome } from './publish/publication.ts';
import { PublishQueue } from './publish/publish-queue.ts';
import { Publisher } from './publish/publisher.ts';
import { Inbox } from './subscribe/inbox.ts';
import { Receiver } from './subscribe/receiver.ts';
import { Subscriber } from './subscribe/subscriber.ts';
import type { SubscribeOptions, Subscription } from './subscribe/subscription.ts';
import { SubscriptionTable } from './subscribe/subscription-table.ts';

/** `idle` before the start, `ending` while {@link Client.end} drains, `waiting` between two attempts. */
export type ClientState = DialerState | 'ending';

/** Takes the messages of one subscription, one at a time: the next one comes when a promise it returns is settled. */
export type MessageHandler = (message: Message, client: Client) => unknown;

/** How a client is ended. */
export interface EndOptions {
  /** Milliseconds for what is still to be sent and acknowledged; default 5,000. */
  readonly timeoutMs?: number;
}

const END_TIMEOUT_MS = 5_000;
const BUFFER_SIZE = 1_000;
const NO_OPTIONS = {};

/**
 * An MQTT client that keeps its connection: it connects, connects again when the connection is lost, subscribes again when
 * its session is gone, and lets messages wait meanwhile. Made by {@link connect} or {@link createClient}.
 *
 * @example
 * const client = await connect('mqtt://localhost:1883');
 * client.subscribe('plant/#', (message) => console.log(message.topicName, message.text()));
 * await client.publish('plant/1/state', 'running', { qos: 1, retain: true });
 * await client.end();
 */
export class Client {
  readonly #settings: ClientSettings;
  readonly #log: ClientLog | undefined;
  readonly #tally = new Tally();
  readonly #emitter: EventEmitter;
  readonly #session = new SessionState<MessageContent>();
  readonly #pool = new BlockPool();
  readonly #queue: PublishQueue;
  readonly #publisher: Publisher;
  readonly #table = new SubscriptionTable();
  readonly #subscriber: Subscriber;
  readonly #receiver: Receiver;
  readonly #dialer: Dialer;
  readonly #connectionOwner: ClientConnectionOwner;
  #agreement: Agreement | undefined;
  #holdsEarlyMessages = false;
  #ending: Promise<void> | undefined;

  /** @throws {UsageError} A URL or an option that cannot be. */
  constructor(url: string | URL, options: ClientOptions = NO_OPTIONS) {
    this.#settings = settle(url, options);
    this.#log = options.log;
    this.#emitter = new EventEmitter((error, name, event) => this.#reportListener(error, name, event));
    if (options.onMessage !== undefined) this.#emitter.on('message', options.onMessage);
    const link = () => this.#dialer.link;
    this.#queue = new PublishQueue(options.queue ?? NO_OPTIONS);
    this.#publisher = new Publisher(this.#queue, this.#tally, link);
    this.#subscriber = new Subscriber(this.#table, link, (topicFilter, error) => {
      this.#log?.warn({ topicFilter, err: error }, 'subscription refused');
      this.#emitter.emit('subscription-failed', { topicFilter, error });
    });
    this.#receiver = new Receiver(this.#table, this.#tally, (message) => {
      const isHeard = this.#emitter.has('message');
      if (isHeard) this.#emitter.emit('message', message);
      return isHeard;
    });
    this.#dialer = new Dialer(this.#settings, this.#dialerOwner());
    this.#connectionOwner = this.#ownerOfConnections();
    new ClientConnection(this.#settings.connection, this.#connectionOwner); // its options are checked here, not with every attempt
  }

  /** Connects, and rejects when the first attempt fails. See {@link connect}. */
  static async connect(url: string | URL, options: ConnectOptions): Promise<Client> {
    const { signal } = options;
    signal?.throwIfAborted();
    const client = new Client(url, options);
    client.#holdsEarlyMessages = true;
    return new Promise((resolve, reject) => {
      const abort = () => {
        reject(signal?.reason);
        void client.#dialer.stop();
      };
      const settled = () => {
        signal?.removeEventListener('abort', abort);
        client.off('connected', succeed).off('attempt-failed', fail);
      };
      const succeed = () => {
        settled();
        resolve(client);
      };
      const fail = ({ error }: { readonly error: Error }) => {
        settled();
        reject(error);
      };
      signal?.addEventListener('abort', abort);
      client.on('connected', succeed).on('attempt-failed', fail);
      client.#dialer.start(true);
    });
  }

  /** Starts to connect, and goes on for ever. A second call does nothing. */
  start(): this {
    this.#dialer.start(false);
    return this;
  }

  get state(): ClientState {
    const { state } = this.#dialer;
    return this.#ending !== undefined && state !== 'closed' ? 'ending' : state;
  }

  /** What was agreed on with the server: its limits, the Client Identifier. Undefined unless connected. */
  get agreement(): Agreement | undefined {
    return this.#dialer.link === undefined ? undefined : this.#agreement;
  }

  /** What has been done and lost so far. */
  get counters(): ClientCounters {
    const { length: queued, byteLength: queuedBytes } = this.#queue;
    return { ...this.#tally, queued, queuedBytes, inFlight: this.#publisher.inFlight };
  }

  /**
   * Publishes a message, or lets it wait in the queue while there is no connection or the server takes no more.
   *
   * A rejection that nobody awaits ends the program only when the call itself was a mistake (a UsageError); what the world
   * does is counted in {@link counters}.
   *
   * @param payload A text is sent as UTF-8; bytes must not change until the promise is settled.
   * @returns Resolves at QoS 0 when the message is on its way, at QoS 1 and 2 when its flow ends (section 4.3). Rejects with a
   *   PublishError when the server refuses it, a ClientError when it cannot be sent (`queue-full`, `offline`, `dropped`,
   *   `session-lost`, `client-ended`), a UsageError when it may not be sent at all or not to this server.
   * @example await client.publish('plant/1/level', '17.5', { qos: 1 });
   */
  publish(
    topicName: string,
    payload: string | Uint8Array,
    options: PublishOptions = NO_OPTIONS,
  ): Promise<PublishOutcome> {
    const { qos = 0, retain = false, properties = NO_PROPERTIES, signal } = options;
    if (!isPayload(payload) || !isQos(qos)) return Promise.reject(mistakeIn(payload, qos));
    return this.#publisher.publish({ topicName, payload: bytesOf(payload), qos, retain, properties }, signal);
  }

  /**
   * Subscribes, now or with the next connection, and again whenever the session is gone.
   *
   * Several subscriptions may overlap, or have the same Topic Filter; each gets its messages. Those with the same Topic Filter
   * are one subscription to the server, with the highest QoS asked for, and get the retained messages again when another joins.
   *
   * @param handler Called with each message; without one, the subscription is to be looped over.
   * @throws {UsageError} The Topic Filter is none.
   * @example client.subscribe('plant/+/temperature', { qos: 1 }, (message) => show(message.text()));
   */
  subscribe(topicFilter: string, handler?: MessageHandler): Subscription;
  subscribe(topicFilter: string, options?: SubscribeOptions, handler?: MessageHandler): Subscription;
  subscribe(
    topicFilter: string,
    optionsOrHandler: SubscribeOptions | MessageHandler = NO_OPTIONS,
    lastHandler?: MessageHandler,
  ): Subscription {
    const isHandler = typeof optionsOrHandler === 'function';
    const options = isHandler ? NO_OPTIONS : optionsOrHandler;
    const handler = isHandler ? optionsOrHandler : lastHandler;
    const { bufferSize = BUFFER_SIZE, qos = 0 } = options as SubscribeOptions;
    if (!(bufferSize >= 1)) throw new UsageError('option-invalid', `bufferSize must be at least 1, not ${bufferSize}`);
    if (!isQos(qos)) throw mistakeIn('', qos);
    const call = handler && ((message: Message) => handler(message, this));
    const inbox = new Inbox(bufferSize, call, (error, message) => this.#reportHandler(error, message), this.#tally);
    return this.#subscriber.subscribe(topicFilter, options, inbox);
  }

  /**
   * Ends all subscriptions with these Topic Filters, also such as only the server remembers.
   *
   * @returns Resolves when the server has answered. Rejects with an UnsubscribeError when it refuses.
   * @throws {UsageError} A Topic Filter is none.
   */
  async unsubscribe(topicFilters: string | readonly string[]): Promise<void> {
    const filters = typeof topicFilters === 'string' ? [topicFilters] : topicFilters;
    await Promise.all(filters.map((topicFilter) => this.#subscriber.unsubscribe(topicFilter)));
  }

  /**
   * Ends the client: waits until what was published is sent and acknowledged, says DISCONNECT, closes. Loops over
   * subscriptions end, what is not done in time fails with `client-ended`.
   *
   * @returns Resolves when the connection is closed.
   */
  end({ timeoutMs = END_TIMEOUT_MS }: EndOptions = NO_OPTIONS): Promise<void> {
    this.#ending ??= this.#drainAndStop(timeoutMs);
    return this.#ending;
  }

  on<Name extends ClientEventName>(name: Name, listener: (event: ClientEvents[Name]) => unknown): this {
    this.#emitter.on(name, listener);
    return this;
  }

  off<Name extends ClientEventName>(name: Name, listener: (event: ClientEvents[Name]) => unknown): this {
    this.#emitter.off(name, listener);
    return this;
  }

  // --- wiring ----------------------------------------------------------------------------------------------------------

  async #drainAndStop(timeoutMs: number): Promise<void> {
    if (this.#dialer.state !== 'idle') {
      let cancel = () => {};
      const timeout = new Promise<void>((resolve) => {
        cancel = this.#settings.clock.schedule(resolve, timeoutMs);
      });
      await Promise.race([this.#publisher.end(), timeout]);
      cancel();
    }
    await this.#dialer.stop();
  }

  #dialerOwner(): DialerOwner {
    return {
      makeMachine: (connackTimeoutMs) => this.#makeMachine(connackTimeoutMs),
      handleAttemptFailed: (error, attempt, nextAttemptInMs) => {
        this.#tally.attemptsFailed++;
        this.#log?.info({ err: error, attempt, nextAttemptInMs }, 'attempt failed');
        this.#emitter.emit('attempt-failed', { error, attempt, nextAttemptInMs });
      },
      handleDisconnected: (reason, nextAttemptInMs) => {
        this.#receiver.handleDisconnected();
        this.#subscriber.handleDisconnected();
        this.#publisher.handleDisconnected();
        this.#log?.info({ err: reason, nextAttemptInMs }, 'disconnected');
        this.#emitter.emit('disconnected', { reason, nextAttemptInMs });
      },
      handleWritable: () => this.#publisher.drain(),
      handleStopped: (error) => {
        this.#publisher.close();
        this.#subscriber.close();
        this.#emitter.emit('closed', { error });
      },
    };
  }

  #ownerOfConnections(): ClientConnectionOwner {
    return {
      handleConnected: (agreement, lost) => this.#handleConnected(agreement, lost),
      handleAuth: () => this.#dialer.link?.machine.disconnect(),
      handlePublish: (packet) => this.#receiver.handlePublish(packet),
      handlePublished: (packetId, reasonCode, properties) =>
        this.#publisher.handlePublished(packetId, reasonCode, properties),
      handleSuback: (packet) => this.#subscriber.handleSuback(packet),
      handleUnsuback: (packet) => this.#subscriber.handleUnsuback(packet),
      handleWindow: () => this.#publisher.drain(),
      handleClosing: (closing) => this.#dialer.handleClosing(closing),
    };
  }

  #makeMachine(connackTimeoutMs: number): ClientConnection {
    const { connection, resumesSession } = this.#settings;
    const goesOn = resumesSession && this.#agreement !== undefined;
    const options = {
      ...connection,
      cleanStart: goesOn ? false : connection.cleanStart,
      clientIdentifier: this.#agreement?.clientIdentifier ?? connection.clientIdentifier,
      connackTimeoutMs,
    };
    return new ClientConnection(options, this.#connectionOwner, this.#session, this.#pool);
  }

  #handleConnected(agreement: Agreement, lost: readonly LostInFlight[]): void {
    this.#dialer.handleConnected();
    const { link } = this.#dialer;
    if (link === undefined) return;
    this.#agreement = agreement;
    this.#tally.connections++;
    this.#receiver.handleConnected(agreement, link);
    if (this.#holdsEarlyMessages) this.#holdEarlyMessages();
    this.#subscriber.handleConnected(agreement, link);
    this.#publisher.handleConnected(lost);
    const { sessionPresent, clientIdentifier } = agreement;
    this.#log?.info({ sessionPresent, clientIdentifier }, 'connected');
    this.#emitter.emit('connected', { sessionPresent, agreement });
  }

  /** Whoever awaits {@link connect} can subscribe only after it: what a resumed session brings at once waits for that. */
  #holdEarlyMessages(): void {
    this.#holdsEarlyMessages = false;
    this.#receiver.hold();
    this.#settings.clock.endOfTurn(() => this.#receiver.release());
  }

  #reportListener(error: unknown, name: ClientEventName, event: unknown): void {
    if (name !== 'handler-error') this.#reportHandler(error, name === 'message' ? (event as Message) : undefined);
    else this.#log?.error({ err: error }, 'a listener for handler-error threw');
  }

  #reportHandler(error: unknown, message: Message | undefined): void {
    this.#tally.handlerErrors++;
    this.#log?.error({ err: error, topicName: message?.topicName }, 'a handler threw');
    if (this.#emitter.has('handler-error')) this.#emitter.emit('handler-error', { error, message });
    else if (this.#log === undefined) console.error('@busbar/client: a handler threw', error);
  }
}

/** Options of {@link connect}. */
export interface ConnectOptions extends ClientOptions {
  /** Gives the attempt up; a client that is connected is not touched. */
  readonly signal?: AbortSignal;
}

/**
 * Connects to a server and gives a client that keeps the connection from then on.
 *
 * @param url `mqtt://[user[:password]@]host[:port]`.
 * @throws {UsageError} A URL or an option that cannot be.
 * @throws {TransportError} The first attempt failed: nobody listens there, no answer in time.
 * @throws {ConnectionRefusedError} The server refused it, with its Reason Code.
 * @example const client = await connect('mqtt://localhost:1883', { clientIdentifier: 'pump-7' });
 */
export function connect(url: string | URL, options: ConnectOptions = NO_OPTIONS): Promise<Client> {
  return Client.connect(url, options);
}

/**
 * Makes a client that connects when it is started, and tries for ever: subscribe and listen first, nothing is missed.
 *
 * @param url `mqtt://[user[:password]@]host[:port]`.
 * @throws {UsageError} A URL or an option that cannot be.
 * @example
 * const client = createClient('mqtt://localhost:1883');
 * client.subscribe('plant/#', (message) => console.log(message.topicName));
 * client.start();
 */
export function createClient(url: string | URL, options: ClientOptions = NO_OPTIONS): Client {
  return new Client(url, options);
}

function isPayload(payload: unknown): payload is string | Uint8Array {
  return typeof payload === 'string' || payload instanceof Uint8Array;
}

function isQos(qos: number): qos is QoS {
  return qos === 0 || qos === 1 || qos === 2;
}

/** What callers without types get wrong. */
function mistakeIn(payload: unknown, qos: number): UsageError {
  if (!isPayload(payload))
    return new UsageError('payload-invalid', `a payload is a text or bytes, not ${typeof payload}`);
  return new UsageError('qos-invalid', `a QoS is 0, 1 or 2, not ${qos}`);
}
