import type { Agreement } from '@busbar/protocol';
import { expectOptions } from './call-check.ts';
import type { ServerAddress } from './dialer/server-address.ts';
import type { ConnectionEndedError } from './errors.ts';
import type { Message } from './message.ts';

/** An attempt to connect begins. */
export interface ConnectingEvent {
  readonly server: ServerAddress;
  /** 1 for the first since the last connection. */
  readonly attempt: number;
}

/** The server has accepted a connection. */
export interface ConnectedEvent {
  readonly server: ServerAddress;
  /** Whether the server goes on with the session of an earlier connection. */
  readonly sessionPresent: boolean;
  /** What was agreed on: limits of the server, Keep Alive, Client Identifier. */
  readonly agreement: Agreement;
}

/** A connection that stood is over. */
export interface DisconnectedEvent {
  /** Why; its `code` is `ended` when this side ended it. */
  readonly reason: ConnectionEndedError;
  /** Milliseconds until the next attempt; undefined when there will be none. */
  readonly nextAttemptInMs: number | undefined;
}

/** An attempt to connect has failed. */
export interface AttemptFailedEvent {
  /** A TransportError, a ConnectionRefusedError, a ConnectionEndedError, or what `prepare` threw. */
  readonly error: Error;
  readonly server: ServerAddress;
  /** How many attempts have failed since the last connection: 1 for the first. */
  readonly attempt: number;
  /** Milliseconds until the next attempt; undefined when there will be none. */
  readonly nextAttemptInMs: number | undefined;
}

/** A handler or a listener of the program's has thrown, or its promise was rejected. The client goes on. */
export interface HandlerErrorEvent {
  readonly error: unknown;
  /** The message that it was given, where it was given one. */
  readonly message: Message | undefined;
}

/** A message that an earlier run of the program had published could not be delivered; nobody else is told. */
export interface PublishFailedEvent {
  readonly topicName: string;
  readonly payload: Uint8Array;
  readonly error: unknown;
}

/** A subscription that nobody waits for any more was refused: by the server, at the first time or after a reconnection. */
export interface SubscriptionFailedEvent {
  readonly topicFilter: string;
  readonly error: Error;
}

/**
 * What a client tells its listeners.
 *
 * Every `connecting` is followed by exactly one of `connected` and `attempt-failed`; every `connected` by exactly one
 * `disconnected`; `closed` is the last of all and comes once.
 */
export interface ClientEvents {
  readonly connecting: ConnectingEvent;
  readonly connected: ConnectedEvent;
  readonly disconnected: DisconnectedEvent;
  readonly 'attempt-failed': AttemptFailedEvent;
  /** Every message that comes, whatever subscription it came for. */
  readonly message: Message;
  readonly 'handler-error': HandlerErrorEvent;
  readonly 'subscription-failed': SubscriptionFailedEvent;
  readonly 'publish-failed': PublishFailedEvent;
  /** `error`: why there is no further attempt; undefined when the program has ended the client. */
  readonly closed: { readonly error: Error | undefined };
}

/** The names of the events. */
export type ClientEventName = keyof ClientEvents;

const EVENT_NAMES: readonly ClientEventName[] = [
  'connecting',
  'connected',
  'disconnected',
  'attempt-failed',
  'message',
  'handler-error',
  'subscription-failed',
  'publish-failed',
  'closed',
];

/** Listeners by event. What one of them throws goes to whoever made the emitter, and the others are still called. */
export class EventEmitter {
  readonly #listeners = new Map<ClientEventName, Set<(event: never) => unknown>>();
  readonly #handleError: (error: unknown, name: ClientEventName, event: unknown) => void;

  constructor(handleError: (error: unknown, name: ClientEventName, event: unknown) => void) {
    this.#handleError = handleError;
  }

  on<Name extends ClientEventName>(name: Name, listener: (event: ClientEvents[Name]) => unknown): void {
    expectOptions({ event: name, listener }, { event: EVENT_NAMES, listener: 'function' });
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(listener));
  }

  off<Name extends ClientEventName>(name: Name, listener: (event: ClientEvents[Name]) => unknown): void {
    const listeners = this.#listeners.get(name);
    listeners?.delete(listener);
    if (listeners?.size === 0) this.#listeners.delete(name);
  }

  /** @returns Whether anybody listens for messages: nothing is called when nobody does. */
  emitMessage(message: Message): boolean {
    if (!this.#listeners.has('message')) return false;
    this.emit('message', message);
    return true;
  }

  has(name: ClientEventName): boolean {
    return this.#listeners.has(name);
  }

  emit<Name extends ClientEventName>(name: Name, event: ClientEvents[Name]): void {
    const listeners = this.#listeners.get(name);
    if (listeners === undefined) return;
    for (const listener of [...listeners] as ((event: ClientEvents[Name]) => unknown)[]) {
      try {
        const answer = listener(event);
        if (answer instanceof Promise) answer.catch((error: unknown) => this.#handleError(error, name, event));
      } catch (error) {
        this.#handleError(error, name, event);
      }
    }
  }
}
