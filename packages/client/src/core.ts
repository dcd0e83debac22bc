import {
  type Agreement,
  BlockPool,
  ClientConnection,
  type ClientConnectionOptions,
  type ClientConnectionOwner,
  type LostInFlight,
  type MessageContent,
  SessionState,
} from '@busbar/protocol';
import { Authentication } from './authenticate/authentication.ts';
import { expectOptions } from './call-check.ts';
import { type ClientEventName, EventEmitter } from './client-events.ts';
import {
  bytesOf,
  type ClientLog,
  type ClientOptions,
  type ClientSettings,
  type ServerUrls,
  settle,
} from './client-options.ts';
import { type ClientCounters, Tally } from './counters.ts';
import { Dialer, type DialerOwner } from './dialer/dialer.ts';
import { prepareAttempt } from './dialer/prepare-attempt.ts';
import type { Message } from './message.ts';
import type { PublishOutcome } from './publish/publication.ts';
import { PublishQueue } from './publish/publish-queue.ts';
import { Publisher } from './publish/publisher.ts';
import type { SessionJournal } from './store/session-journal.ts';
import { Inbox, type InboxHandler } from './subscribe/inbox.ts';
import { Receiver } from './subscribe/receiver.ts';
import { Subscriber } from './subscribe/subscriber.ts';
import type { SubscribeOptions, Subscription } from './subscribe/subscription.ts';
import { SubscriptionTable } from './subscribe/subscription-table.ts';
import { Tracing } from './tracing.ts';

const BUFFER_SIZE = 1_000;
const SUBSCRIBE_RULES = {
  noLocal: 'boolean',
  retainAsPublished: 'boolean',
  retainHandling: [0, 1, 2],
  bufferSize: 1,
  acknowledge: ['handled', 'received', 'manual'],
  concurrency: 1,
  signal: 'object',
} as const;

/**
 * The rooms of a client, wired: what happens on a connection goes to those whom it concerns, in the right order. It contains
 * no rules; those are in the rooms.
 */
export class ClientCore {
  readonly settings: ClientSettings;
  readonly tally = new Tally();
  readonly emitter: EventEmitter;
  readonly publisher: Publisher;
  readonly subscriber: Subscriber;
  readonly dialer: Dialer;
  readonly authentication: Authentication | undefined;
  readonly journal: SessionJournal | undefined;
  readonly #log: ClientLog | undefined;
  readonly #tracing: Tracing | undefined;
  readonly #pool = new BlockPool();
  readonly #queue: PublishQueue;
  readonly #receiver: Receiver;
  readonly #connectionOwner: ClientConnectionOwner;
  #session = new SessionState<MessageContent>();
  #clientIdentifier: string | undefined;
  #loading: Promise<void> | undefined;
  #agreement: Agreement | undefined;
  #holdsEarlyMessages = false;
  #closing: Promise<void> | undefined;

  /** @throws {UsageError} A URL or an option that cannot be. */
  constructor(urls: ServerUrls, options: ClientOptions) {
    this.settings = settle(urls, options);
    const { clock } = this.settings;
    this.#log = options.log;
    this.#tracing = options.tracer && new Tracing(options.tracer, (error) => this.reportHandler(error, undefined));
    this.emitter = new EventEmitter((error, name, event) => this.#reportListener(error, name, event));
    const link = () => this.dialer.link;
    this.#queue = new PublishQueue(options.queue ?? {});
    this.journal = options.store?.makeJournal(clock, (error) => this.#abandon(error));
    this.publisher = new Publisher({
      queue: this.#queue,
      tally: this.tally,
      clock,
      journal: this.journal,
      link,
      handleOrphanFailed: ({ topicName, payload }, error) => {
        this.#log?.warn({ topicName, err: error }, 'a message of an earlier run failed');
        this.emitter.emit('publish-failed', { topicName, payload, error });
      },
    });
    const table = new SubscriptionTable();
    this.subscriber = new Subscriber(table, link, (topicFilter, error) => {
      this.#log?.warn({ topicFilter, err: error }, 'subscription refused');
      this.emitter.emit('subscription-failed', { topicFilter, error });
    });
    this.#receiver = new Receiver({
      table,
      tally: this.tally,
      tellListeners: (message) => this.emitter.emitMessage(message),
      handleAccepted: (packetId) => this.journal?.handleAccepted(packetId),
    });
    this.dialer = new Dialer({ ...this.settings, gate: this.journal?.gate }, this.#dialerOwner(options));
    this.authentication =
      options.authentication &&
      new Authentication(
        options.authentication,
        () => this.dialer.latestLink,
        (error) => this.dialer.object(error),
      );
    this.#connectionOwner = this.#ownerOfConnections();
    this.#check(options);
  }

  /** What was agreed on with the server; undefined unless connected. */
  get agreement(): Agreement | undefined {
    return this.dialer.link === undefined ? undefined : this.#agreement;
  }

  get counters(): ClientCounters {
    const { length: queued, byteLength: queuedBytes } = this.#queue;
    const { inFlight } = this.publisher;
    return { ...this.tally, queued, queuedBytes, inFlight, unacknowledged: this.#receiver.unacknowledged };
  }

  /** What comes right after the first connection waits until the program has had its turn. */
  holdEarlyMessages(): void {
    this.#holdsEarlyMessages = true;
  }

  publish(message: MessageContent, signal: AbortSignal | undefined): Promise<PublishOutcome> {
    const { publisher } = this;
    const tracing = this.#tracing;
    if (tracing === undefined) return publisher.publish(message, signal);
    return tracing.publish(message, (traced) => publisher.publish(traced, signal));
  }

  /** @throws {UsageError} The Topic Filter is none, or an option cannot be. */
  subscribe(topicFilter: string, options: SubscribeOptions, given: InboxHandler | undefined): Subscription {
    expectOptions(options, SUBSCRIBE_RULES);
    const handler = given && (this.#tracing?.handler(given) ?? given);
    const { bufferSize = BUFFER_SIZE, concurrency = 1, acknowledge = 'handled' } = options;
    const handleError = (error: unknown, message: Message) => this.reportHandler(error, message);
    const { tally } = this;
    const inbox = new Inbox({ bound: bufferSize, mode: acknowledge, concurrency, handler, handleError, tally });
    return this.subscriber.subscribe(topicFilter, options, inbox);
  }

  /** A handler of the program's has failed. */
  reportHandler(error: unknown, message: Message | undefined): void {
    this.tally.handlerErrors++;
    this.#log?.error({ err: error, topicName: message?.topicName }, 'a handler threw');
    if (this.emitter.has('handler-error')) this.emitter.emit('handler-error', { error, message });
    else if (this.#log === undefined) console.error('@busbar/client: a handler threw', error);
  }

  /** Resolves when the store is closed, once the client is. */
  async closed(): Promise<void> {
    await this.#closing;
  }

  // --- wiring ----------------------------------------------------------------------------------------------------------

  #dialerOwner(options: ClientOptions): DialerOwner {
    const makeMachine = (connection: ClientConnectionOptions) => this.#makeMachine(connection);
    return {
      handleConnecting: (server, attempt) => this.emitter.emit('connecting', { server, attempt }),
      prepareAttempt: async (server, attempt, signal) => {
        await this.#load();
        const { authentication } = this;
        return prepareAttempt({ options, authentication, makeMachine }, server, attempt, signal);
      },
      handleAttemptFailed: (error, server, attempt, nextAttemptInMs) => {
        this.tally.attemptsFailed++;
        this.#log?.info({ err: error, attempt, nextAttemptInMs, server: server.url }, 'attempt failed');
        this.emitter.emit('attempt-failed', { error, server, attempt, nextAttemptInMs });
      },
      handleDisconnected: (reason, nextAttemptInMs) => {
        this.#receiver.handleDisconnected();
        this.subscriber.handleDisconnected();
        this.publisher.handleDisconnected();
        this.authentication?.handleDisconnected(reason);
        this.#log?.info({ err: reason, nextAttemptInMs }, 'disconnected');
        this.emitter.emit('disconnected', { reason, nextAttemptInMs });
      },
      handleWritable: () => this.publisher.drain(),
      handleThrown: (error) => this.settings.clock.endOfTurn(() => this.reportHandler(error, undefined)),
      handleStopped: (error) => {
        const livesOn = (this.#agreement?.sessionExpiryInterval ?? 0) > 0;
        this.#receiver.close();
        this.publisher.close();
        this.subscriber.close(livesOn);
        this.#closing = this.journal
          ?.close()
          .catch((cause) => this.#log?.error({ err: cause }, 'the store does not close'));
        this.emitter.emit('closed', { error });
      },
    };
  }

  #ownerOfConnections(): ClientConnectionOwner {
    const { journal } = this;
    return {
      handleConnected: (agreement, lost) => this.#handleConnected(agreement, lost),
      handleAuth: (packet) => this.authentication?.handleAuth(packet),
      handlePublish: (packet) => this.#receiver.handlePublish(packet),
      handlePublished: (packetId, reasonCode, properties) =>
        this.publisher.handlePublished(packetId, reasonCode, properties),
      handleReceived: (packetId) => {
        const publication = this.publisher.sent(packetId);
        if (publication !== undefined) journal?.handleReceived(publication, packetId);
      },
      handleReleased: (packetId) => journal?.handleReleased(packetId),
      handleSuback: (packet) => this.subscriber.handleSuback(packet),
      handleUnsuback: (packet) => this.subscriber.handleUnsuback(packet),
      handleWindow: () => {
        this.subscriber.drain();
        this.publisher.drain();
      },
      handleClosing: (closing) => this.dialer.handleClosing(closing),
    };
  }

  /** Reads what an earlier run of the program has left, once. */
  #load(): Promise<void> | undefined {
    if (this.journal !== undefined) this.#loading ??= this.#takeUp(this.journal);
    return this.#loading;
  }

  async #takeUp(journal: SessionJournal): Promise<void> {
    try {
      const stored = await journal.load(this.settings.clientIdentifier, this.#queue.maximumAgeMs);
      this.#session = stored.session;
      this.#identify(this.settings.clientIdentifier ?? stored.clientIdentifier);
      this.publisher.restore(stored.inFlight, stored.waiting);
    } catch (error) {
      this.dialer.abandon();
      throw error;
    }
  }

  /** The store has failed: nothing that is sent from now on could be remembered. */
  #abandon(error: Error): void {
    this.#log?.error({ err: error }, 'the store failed');
    this.dialer.abandon(error);
  }

  /** A mistake in the options is told here and not with every attempt. @throws {UsageError} */
  #check({ userName, password, prepare }: ClientOptions): void {
    const { connection, clientIdentifier = 'any', servers } = this.settings;
    const { first } = servers;
    const credentials = { userName: userName ?? first.userName, password: bytesOf(password ?? first.password) };
    const given = prepare === undefined ? credentials : {};
    new ClientConnection({ ...connection, ...given, clientIdentifier }, this.#connectionOwner);
  }

  #identify(clientIdentifier = this.settings.makeClientIdentifier()): string {
    if (this.#clientIdentifier !== clientIdentifier) this.journal?.handleIdentified(clientIdentifier);
    this.#clientIdentifier = clientIdentifier;
    return clientIdentifier;
  }

  #makeMachine(attempt: ClientConnectionOptions): ClientConnection {
    const { connection, resumesSession, clientIdentifier } = this.settings;
    const goesOn = resumesSession && this.#agreement !== undefined;
    const options = {
      ...connection,
      ...attempt,
      properties: { ...connection.properties, ...attempt.properties },
      cleanStart: goesOn ? false : connection.cleanStart,
      clientIdentifier: this.#clientIdentifier ?? this.#identify(clientIdentifier),
    };
    return new ClientConnection(options, this.#connectionOwner, this.#session, this.#pool);
  }

  #handleConnected(agreement: Agreement, lost: readonly LostInFlight[]): void {
    if (this.authentication?.handleConnected(agreement) === false) return;
    this.dialer.handleConnected();
    const { link, server } = this.dialer;
    if (link === undefined || server === undefined) return;
    this.#agreement = agreement;
    this.tally.connections++;
    if (agreement.clientIdentifier !== this.#clientIdentifier) this.#identify(agreement.clientIdentifier);
    if (!agreement.sessionPresent) this.journal?.handleSessionLost();
    this.#receiver.handleConnected(agreement, link);
    if (this.#holdsEarlyMessages) this.#holdEarlyMessages();
    this.subscriber.handleConnected(agreement);
    this.publisher.handleConnected(lost);
    const { sessionPresent, clientIdentifier } = agreement;
    this.#log?.info({ sessionPresent, clientIdentifier, server: server.url }, 'connected');
    this.emitter.emit('connected', { server, sessionPresent, agreement });
  }

  /** Whoever awaits `connect` can subscribe only after it: what a resumed session brings at once waits for that. */
  #holdEarlyMessages(): void {
    this.#holdsEarlyMessages = false;
    this.#receiver.hold();
    this.settings.clock.endOfTurn(() => this.#receiver.release());
  }

  #reportListener(error: unknown, name: ClientEventName, event: unknown): void {
    if (name !== 'handler-error') this.reportHandler(error, name === 'message' ? (event as Message) : undefined);
    else this.#log?.error({ err: error }, 'a listener for handler-error threw');
  }
}
