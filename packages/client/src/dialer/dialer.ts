import type { DisconnectProperties, ReasonCode } from '@busbar/codec';
import type { ClientClosing, ClientConnection } from '@busbar/protocol';
import { type ByteTransport, TransportError } from '@busbar/transport';
import type { Clock } from '../clock.ts';
import { ConnectionEndedError, ConnectionRefusedError, clientEnded } from '../errors.ts';
import type { BackOff } from './back-off.ts';
import type { Dial } from './dial.ts';
import { Link, type LinkGate } from './link.ts';
import type { ServerAddress, ServerUrl } from './server-address.ts';
import { redirectionIn, retryHintIn } from './server-answer.ts';
import type { ServerList } from './server-list.ts';

/** An attempt that is ready to be made. */
export interface PreparedAttempt {
  readonly server: ServerAddress;
  readonly dial: Dial;
  /** Makes the machine of the connection. @param connackTimeoutMs What is left for the CONNACK. */
  makeMachine(connackTimeoutMs: number): ClientConnection;
}

/** What a {@link Dialer} asks of its client and tells it. */
export interface DialerOwner {
  handleConnecting(server: ServerAddress, attempt: number): void;
  /** Gets ready what the next attempt needs. @param signal Aborted when the attempt is given up. */
  prepareAttempt(server: ServerUrl, attempt: number, signal: AbortSignal): PreparedAttempt | Promise<PreparedAttempt>;
  handleAttemptFailed(error: Error, server: ServerAddress, attempt: number, nextAttemptInMs: number | undefined): void;
  handleDisconnected(reason: ConnectionEndedError, nextAttemptInMs: number | undefined): void;
  handleWritable(): void;
  /** What the program gave to be asked has thrown. */
  handleThrown(error: unknown): void;
  /** There will be no further attempt, exactly once and last. */
  handleStopped(error: Error | undefined): void;
}

/** What the DISCONNECT packet says. */
export interface Farewell {
  readonly reasonCode?: ReasonCode;
  readonly properties?: DisconnectProperties;
}

export interface DialerOptions {
  readonly servers: ServerList;
  readonly clock: Clock;
  readonly connectTimeoutMs: number;
  /** Undefined: one connection. */
  readonly backOff: BackOff | undefined;
  /** Holds back what is written until it may leave. */
  readonly gate: LinkGate | undefined;
}

/**
 * - `idle`: not started.
 * - `connecting`: an attempt is being made.
 * - `connected`: the server has accepted it.
 * - `waiting`: for the time of the next attempt.
 * - `closed`: ended for good.
 */
export type DialerState = 'idle' | 'connecting' | 'connected' | 'waiting' | 'closed';

/** One attempt from its preparation to its CONNACK. */
interface Attempt {
  readonly abort: AbortController;
  /** When the CONNACK must be there. */
  readonly deadline: number;
  readonly cancelTimeout: () => void;
}

/**
 * Keeps a connection, as far as the world allows: dials, waits longer after each failure, dials again; goes where the server
 * sends it.
 *
 *     idle --start--> connecting --CONNACK--> connected
 *                       ^   |failed              | ended
 *                       |   v                    v
 *                       waiting <----------------+        closed <--stop, or no reconnection-- (all)
 *
 * Every attempt ends in exactly one of connected and failed, every connected in exactly one disconnected.
 */
export class Dialer {
  readonly #owner: DialerOwner;
  readonly #options: DialerOptions;
  #state: DialerState = 'idle';
  #attempt: Attempt | undefined;
  #server: ServerAddress | undefined;
  #link: Link | undefined;
  #cancelWait: (() => void) | undefined;
  #failures = 0;
  #connectedAt = 0;
  /** Whether the next failure is the end, as long as there has been no connection. */
  #isFirstFailureFinal = false;
  #isStopping = false;
  #isAbandoned = false;
  /** Why this side ended a connection that the server thought good. */
  #objection: Error | undefined;

  constructor(options: DialerOptions, owner: DialerOwner) {
    this.#options = options;
    this.#owner = owner;
  }

  get state(): DialerState {
    return this.#state;
  }

  /** The connection, undefined unless connected. */
  get link(): Link | undefined {
    return this.#state === 'connected' ? this.#link : undefined;
  }

  /** The latest connection, also while it is being made. */
  get latestLink(): Link | undefined {
    return this.#link;
  }

  /** The server of the connection or of the latest attempt. */
  get server(): ServerAddress | undefined {
    return this.#server;
  }

  start(isFirstFailureFinal: boolean): void {
    if (this.#state !== 'idle') return;
    this.#isFirstFailureFinal = isFirstFailureFinal;
    this.#dial();
  }

  /** Makes the attempt that is waited for now; after this turn, for whoever is being told of the last one. */
  hurry(): void {
    if (this.#cancelWait !== undefined) this.#wait(0);
  }

  /** Ends the connection or the attempt for good. Resolves when the transport is closed. */
  async stop({ reasonCode, properties }: Farewell = {}): Promise<void> {
    this.#isStopping = true;
    this.#isAbandoned = true;
    const link = this.#link;
    if (link?.machine.isClosed === false) {
      try {
        link.machine.disconnect(reasonCode, properties);
      } finally {
        link.machine.disconnect(); // what cannot be said does not keep the connection
      }
    } else if (this.#attempt !== undefined) this.#fail(clientEnded());
    else this.#close(undefined);
    await link?.closed;
  }

  /** Makes no further attempt after this one or this connection. @param error Ends these too, because of it. */
  abandon(error?: Error): void {
    this.#isAbandoned = true;
    if (error === undefined) return;
    if (this.#link?.machine.isClosed === false) this.object(error);
    else if (this.#attempt !== undefined) this.#fail(error);
    else if (this.#state === 'waiting') this.#close(error);
  }

  /** Ends the connection that is being made or stands, because of something the server said. */
  object(error: Error): void {
    this.#objection = error;
    this.#link?.machine.disconnect();
  }

  /** The machine of this connection has got its CONNACK. */
  handleConnected(): void {
    this.#attempt = undefined;
    this.#state = 'connected';
    this.#failures = 0;
    this.#isFirstFailureFinal = false;
    this.#connectedAt = this.#options.clock.now();
    this.#options.servers.handleConnected();
  }

  /** The machine of this connection is at its end. */
  handleClosing(closing: ClientClosing): void {
    const wasConnected = this.#state === 'connected';
    this.#link?.end(closing.cause === 'lost' || (closing.cause === 'timeout' && wasConnected));
    if (wasConnected) this.#disconnected(closing);
    else this.#fail(this.#takeObjection() ?? reasonOf(closing), closing);
  }

  #dial(): void {
    const { clock, connectTimeoutMs, servers } = this.#options;
    const server = servers.next();
    const { address } = server;
    this.#state = 'connecting';
    this.#server = address;
    const abort = new AbortController();
    const cancelTimeout = clock.schedule(() => this.#fail(this.#timeout(address)), connectTimeoutMs);
    const attempt = { abort, deadline: clock.now() + connectTimeoutMs, cancelTimeout };
    this.#attempt = attempt;
    const isCurrent = () => this.#attempt === attempt;
    const open = async () => {
      const prepared = await this.#owner.prepareAttempt(server, this.#failures + 1, abort.signal);
      if (!isCurrent()) return;
      this.#server = prepared.server;
      const transport = await prepared.dial(prepared.server, abort.signal);
      if (isCurrent()) this.#open(transport, attempt, prepared);
      else transport.destroy();
    };
    this.#owner.handleConnecting(address, this.#failures + 1);
    open().catch((error: unknown) => {
      if (isCurrent()) this.#fail(error instanceof Error ? error : new Error(String(error)));
    });
  }

  #open(transport: ByteTransport, attempt: Attempt, prepared: PreparedAttempt): void {
    const { clock, gate } = this.#options;
    attempt.cancelTimeout();
    const left = Math.max(1, Math.ceil(attempt.deadline - clock.now()));
    let machine: ClientConnection;
    try {
      machine = prepared.makeMachine(left);
    } catch (error) {
      transport.destroy();
      throw error;
    }
    this.#link = new Link(machine, transport, clock, gate, () => this.#owner.handleWritable());
    this.#link.open();
  }

  #fail(error: Error, closing?: ClientClosing): void {
    const { backOff, servers } = this.#options;
    this.#attempt?.cancelTimeout();
    this.#attempt?.abort.abort(error);
    this.#attempt = undefined;
    this.#failures++;
    const attempt = this.#failures;
    const server = this.#server as ServerAddress;
    const goesOn = this.#redirect(closing) ?? servers.handleFailed();
    const isAtOnce = goesOn && (backOff !== undefined || this.#isFirstFailureFinal);
    const isFinal = this.#isAbandoned || (this.#isFirstFailureFinal && !isAtOnce) || this.#givesUp(error);
    const delayMs = isFinal ? undefined : isAtOnce ? 0 : backOff?.nextDelayMs(retryHintIn(closing));
    this.#wait(delayMs);
    this.#owner.handleAttemptFailed(error, server, attempt, delayMs);
    if (delayMs === undefined) this.#close(error);
  }

  #disconnected(closing: ClientClosing): void {
    const { backOff, clock, servers } = this.#options;
    const reason = endOf(closing, this.#takeObjection());
    if (backOff?.handleDisconnected(clock.now() - this.#connectedAt)) servers.handleHealthy();
    const goesOn = this.#redirect(closing);
    const isFinal = this.#isAbandoned || backOff === undefined || this.#givesUp(reason);
    const delayMs = isFinal ? undefined : goesOn ? 0 : backOff.nextDelayMs(retryHintIn(closing));
    this.#wait(delayMs);
    this.#owner.handleDisconnected(reason, delayMs);
    if (delayMs === undefined) this.#close(reason);
  }

  /** Who cannot say whether to give up goes on. */
  #givesUp(error: Error): boolean | undefined {
    try {
      return this.#options.backOff?.givesUp(error);
    } catch (thrown) {
      this.#owner.handleThrown(thrown);
      return false;
    }
  }

  #redirect(closing: ClientClosing | undefined) {
    const redirection = closing && redirectionIn(closing);
    if (redirection === undefined || this.#server === undefined) return undefined;
    return this.#options.servers.redirect(this.#server, redirection.reference, redirection.isForGood);
  }

  #wait(delayMs: number | undefined): void {
    this.#state = 'waiting';
    this.#cancelWait?.();
    if (delayMs === undefined) return;
    this.#cancelWait = this.#options.clock.schedule(() => {
      this.#cancelWait = undefined;
      this.#dial();
    }, delayMs);
  }

  /** @param error Why, unless the program wants it so. */
  #close(error: Error | undefined): void {
    if (this.#state === 'closed') return;
    this.#cancelWait?.();
    this.#cancelWait = undefined;
    this.#state = 'closed';
    this.#owner.handleStopped(this.#isStopping ? undefined : error);
  }

  #takeObjection(): Error | undefined {
    const objection = this.#objection;
    this.#objection = undefined;
    return objection;
  }

  #timeout({ url }: ServerAddress): TransportError {
    const { connectTimeoutMs } = this.#options;
    return new TransportError('ETIMEDOUT', `cannot connect to ${url}: no answer in ${connectTimeoutMs} ms (ETIMEDOUT)`);
  }
}

function reasonOf(closing: ClientClosing): Error {
  const { cause, reasonCode, connack } = closing;
  return cause === 'refused' ? new ConnectionRefusedError(reasonCode, connack?.properties ?? {}) : endOf(closing);
}

function endOf({ cause, reasonCode, message, error, disconnect }: ClientClosing, objection?: Error) {
  const code = cause === 'refused' ? 'ended' : cause;
  const why = objection ?? error;
  const options = why === undefined ? undefined : { cause: why };
  return new ConnectionEndedError(code, reasonCode, objection?.message ?? message, disconnect?.properties, options);
}
