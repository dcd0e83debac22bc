import { NO_PROPERTIES, ReasonCode, UsageError } from '@busbar/codec';
import type { Agreement } from '@busbar/protocol';
import type { ClientSettings } from '../client-options.ts';
import { ClientError } from '../errors.ts';
import type { Message } from '../message.ts';
import type { PublishOptions, PublishOutcome } from '../publish/publication.ts';
import type { SubscribeOptions, Subscription } from '../subscribe/subscription.ts';

/** How a request is sent, and how long its answer may take. */
export interface RequestOptions extends PublishOptions {
  /** Milliseconds until the answer must be there; default 10,000. The request expires with it. */
  readonly timeoutMs?: number;
}

/** What a {@link Requester} needs of its client. */
export interface RequestingClient {
  readonly agreement: Agreement | undefined;
  publish(topicName: string, payload: string | Uint8Array, options: PublishOptions): Promise<PublishOutcome>;
  subscribe(topicFilter: string, options: SubscribeOptions, handler: (message: Message) => void): Subscription;
}

interface Pending {
  readonly resolve: (answer: Message) => void;
  readonly reject: (error: unknown) => void;
}

const TIMEOUT_MS = 10_000;

/**
 * Requests of one client and their answers (section 4.10): one subscription to a Response Topic of its own, made with the
 * first request, and a number in the Correlation Data that says whose answer has come.
 */
export class Requester {
  readonly #client: RequestingClient;
  readonly #settings: ClientSettings;
  readonly #pending = new Map<string, Pending>();
  readonly #givenTopic: string | undefined;
  #responseTopic = '';
  #subscription: Subscription | undefined;
  #count = 0;

  /** @param responseTopic As the program wants it; undefined leaves it to the server or this. */
  constructor(client: RequestingClient, settings: ClientSettings, responseTopic: string | undefined) {
    this.#client = client;
    this.#settings = settings;
    this.#givenTopic = responseTopic;
  }

  async request(topicName: string, payload: string | Uint8Array, options: RequestOptions): Promise<Message> {
    const { timeoutMs = TIMEOUT_MS, signal, qos = 1, properties = NO_PROPERTIES, retain = false } = options;
    const { clock, connection } = this.#settings;
    if (connection.protocolVersion !== 5) throw new UsageError('version-too-low', 'requests need MQTT 5.0');
    if (!(timeoutMs > 0)) throw new UsageError('option-invalid', `timeoutMs must be more than 0, not ${timeoutMs}`);
    signal?.throwIfAborted();
    const correlationData = new TextEncoder().encode(`${++this.#count}`);
    const stop = new AbortController();
    const answered = new Promise<Message>((resolve, reject) => {
      this.#pending.set(`${this.#count}`, { resolve, reject });
    });
    const fail = (error: unknown) => this.#pending.get(decode(correlationData))?.reject(error);
    const abort = () => fail(signal?.reason);
    const late = () => fail(new ClientError('timeout', `no answer to '${topicName}' came within ${timeoutMs} ms`));
    signal?.addEventListener('abort', abort);
    const cancel = clock.schedule(late, timeoutMs);
    const send = async () => {
      await this.#subscribe();
      const own = { messageExpiryInterval: Math.ceil(timeoutMs / 1_000), responseTopic: this.#responseTopic };
      return this.#client.publish(topicName, payload, {
        qos,
        retain,
        properties: { ...own, ...properties, correlationData },
        signal: stop.signal,
      });
    };
    const check = ({ reasonCode }: PublishOutcome) => {
      if (reasonCode !== ReasonCode.noMatchingSubscribers) return;
      fail(new ClientError('no-responder', `nobody has subscribed to '${topicName}'`));
    };
    try {
      send().then(check, fail);
      return await answered;
    } catch (error) {
      stop.abort(); // a request that still waits is taken back
      throw error;
    } finally {
      cancel();
      signal?.removeEventListener('abort', abort);
      this.#pending.delete(decode(correlationData));
    }
  }

  /** The client is ended: no answer will come. */
  end(): void {
    const error = new ClientError('client-ended', 'the client has been ended');
    for (const { reject } of this.#pending.values()) reject(error);
  }

  /** The answer must find a subscription, so requests wait until the server has granted it. */
  async #subscribe(): Promise<void> {
    if (this.#responseTopic === '') this.#responseTopic = this.#givenTopic ?? this.#makeTopic();
    this.#subscription ??= this.#client.subscribe(this.#responseTopic, { qos: 1, noLocal: false }, (message) =>
      this.#handleResponse(message),
    );
    try {
      await this.#subscription;
    } catch (error) {
      this.#subscription = undefined;
      throw error;
    }
  }

  /** Response Information is what topics for responses are to begin with (section 3.2.2.3.15). */
  #makeTopic(): string {
    const { responseInformation = 'responses' } = this.#client.agreement?.properties ?? {};
    return `${responseInformation.replace(/\/$/, '')}/${this.#settings.makeClientIdentifier()}`;
  }

  #handleResponse(message: Message): void {
    const { correlationData } = message.properties;
    if (correlationData !== undefined) this.#pending.get(decode(correlationData))?.resolve(message);
  }
}

function decode(correlationData: Uint8Array): string {
  return new TextDecoder().decode(correlationData);
}
