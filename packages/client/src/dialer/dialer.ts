import type { ClientClosing, ClientConnection } from '@busbar/protocol';
import { type ByteTransport, TransportError } from '@busbar/transport';
import type { Clock } from '../clock.ts';
import { ClientError, ConnectionEndedError, ConnectionRefusedError } from '../errors.ts';
import type { BackOff } from './back-off.ts';
import type { Dial } from './dial.ts';
import { Link } from './link.ts';
import type { ServerAddress } from './server-address.ts';

/** What a {@link Dialer} asks of its client and tells it. */
export interface DialerOwner {
  /** Makes the machine of the next connection. @param connackTimeoutMs What is left for the CONNACK. */
  makeMachine(connackTimeoutMs: number): ClientConnection;
  handleAttemptFailed(error: Error, attempt: number, nextAttemptInMs: number | undefined): void;
  handleDisconnected(reason: ConnectionEndedError, nextAttemptInMs: number | undefined): void;
  handleWritable(): void;
  /** There will be no further attempt, exactly once and last. */
  handleStopped(error: Error | undefined): void;
}

export interface DialerOptions {
  readonly server: ServerAddress;
  readonly dial: Dial;
  readonly clock: Clock;
  readonly connectTimeoutMs: number;
  /** Undefined: one attempt and one connection. */
  readonly backOff: BackOff | undefined;
}

/**
 * - `idle`: not started.
 * - `connecting`: an attempt is being made.
 * - `connected`: the server has accepted it.
 * - `waiting`: for the time of the next attempt.
 * - `closed`: ended for good.
 */
export type DialerState = 'idle' | 'connecting' | 'connected' | 'waiting' | 'closed';

/** One attempt from its dial to its CONNACK. */
interface Attempt {
  readonly abort: AbortController;
  readonly startedAt: number;
  cancelTimeout: () => void;
}

/**
 * Keeps a connection, as far as the world allows: dials, waits longer after each failure, dials again.
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
  #link: Link | undefined;
  #cancelWait: (() => void) | undefined;
  #failures = 0;
  #connectedAt = 0;
  /** Whether the next failure is the end, as long as there has been no connection. */
  #isFirstFailureFinal = false;
  #isStopping = false;

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

  start(isFirstFailureFinal: boolean): void {
    if (this.#state !== 'idle') return;
    this.#isFirstFailureFinal = isFirstFailureFinal;
    this.#dial();
  }

  /** Ends the connection or the attempt for good. Resolves when the transport is closed. */
  async stop(): Promise<void> {
    if (this.#isStopping || this.#state === 'closed') return this.#link?.closed;
    this.#isStopping = true;
    this.#cancelWait?.();
    const link = this.#link;
    if (link !== undefined && !link.machine.isClosed) link.machine.disconnect();
    else if (this.#attempt !== undefined) this.#fail(new ClientError('client-ended', 'the client was ended meanwhile'));
    else this.#close(undefined);
    await link?.closed;
  }

  /** The machine of this connection has got its CONNACK. */
  handleConnected(): void {
    this.#attempt = undefined;
    this.#state = 'connected';
    this.#failures = 0;
    this.#isFirstFailureFinal = false;
    this.#connectedAt = this.#options.clock.now();
  }

  /** The machine of this connection is at its end. */
  handleClosing(closing: ClientClosing): void {
    const wasConnected = this.#state === 'connected';
    this.#link?.end(closing.cause === 'lost' || (closing.cause === 'timeout' && wasConnected));
    if (wasConnected) this.#disconnected(endOf(closing));
    else this.#fail(closing.cause === 'refused' ? refusalOf(closing) : endOf(closing));
  }

  #dial(): void {
    const { clock, connectTimeoutMs, dial, server } = this.#options;
    this.#state = 'connecting';
    const abort = new AbortController();
    const cancelTimeout = clock.schedule(() => this.#fail(this.#timeout()), connectTimeoutMs);
    const attempt = { abort, startedAt: clock.now(), cancelTimeout };
    this.#attempt = attempt;
    const isCurrent = () => this.#attempt === attempt;
    const fail = (error: unknown) => {
      if (isCurrent()) this.#fail(error instanceof Error ? error : new Error(String(error)));
    };
    (async () => dial(server, abort.signal))().then((transport) => {
      if (isCurrent()) this.#open(transport, attempt);
      else transport.destroy();
    }, fail);
  }

  #open(transport: ByteTransport, attempt: Attempt): void {
    const { clock, connectTimeoutMs } = this.#options;
    attempt.cancelTimeout();
    const left = Math.max(1, attempt.startedAt + connectTimeoutMs - clock.now());
    let machine: ClientConnection;
    try {
      machine = this.#owner.makeMachine(left);
    } catch (error) {
      transport.destroy();
      this.#fail(error as Error);
      return;
    }
    this.#link = new Link(machine, transport, clock, () => this.#owner.handleWritable());
    this.#link.open();
  }

  #fail(error: Error): void {
    this.#attempt?.cancelTimeout();
    this.#attempt?.abort.abort(error);
    this.#attempt = undefined;
    this.#failures++;
    const isFinal = this.#isStopping || this.#isFirstFailureFinal;
    const delayMs = isFinal ? undefined : this.#options.backOff?.nextDelayMs();
    this.#wait(delayMs);
    this.#owner.handleAttemptFailed(error, this.#failures, delayMs);
    if (delayMs === undefined) this.#close(error);
  }

  #disconnected(reason: ConnectionEndedError): void {
    const { backOff, clock } = this.#options;
    backOff?.handleDisconnected(clock.now() - this.#connectedAt);
    const delayMs = this.#isStopping ? undefined : backOff?.nextDelayMs();
    this.#wait(delayMs);
    this.#owner.handleDisconnected(reason, delayMs);
    if (delayMs === undefined) this.#close(this.#isStopping ? undefined : reason);
  }

  #wait(delayMs: number | undefined): void {
    this.#state = 'waiting';
    if (delayMs === undefined) return;
    this.#cancelWait = this.#options.clock.schedule(() => {
      this.#cancelWait = undefined;
      this.#dial();
    }, delayMs);
  }

  #close(error: Error | undefined): void {
    if (this.#state === 'closed') return;
    this.#cancelWait?.();
    this.#state = 'closed';
    this.#owner.handleStopped(error);
  }

  #timeout(): TransportError {
    const { connectTimeoutMs, server } = this.#options;
    const message = `cannot connect to ${server.url}: no answer in ${connectTimeoutMs} ms (ETIMEDOUT)`;
    return new TransportError('ETIMEDOUT', message);
  }
}

function refusalOf({ reasonCode, connack }: ClientClosing): Error {
  return new ConnectionRefusedError(reasonCode, connack?.properties ?? {});
}

function endOf({ cause, reasonCode, message, error }: ClientClosing): ConnectionEndedError {
  const code = cause === 'refused' ? 'ended' : cause;
  return new ConnectionEndedError(code, reasonCode, message, error === undefined ? undefined : { cause: error });
}
