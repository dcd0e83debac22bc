import type { ConnectProperties } from '@busbar/codec';
import type { DialOptions } from './dial.ts';
import type { ServerAddress } from './server-address.ts';

/** What is known of an attempt before it is made. */
export interface AttemptContext {
  readonly server: ServerAddress;
  /** 1 for the first since the last connection. */
  readonly attempt: number;
  /** Aborted when the attempt is given up, because it takes too long or the client is ended. */
  readonly signal: AbortSignal;
}

/** What may be different with every attempt: what is not given is as in the client's options. */
export interface AttemptOptions extends DialOptions {
  /** Where to connect instead, such as a signed URL. */
  readonly url?: string | URL;
  readonly userName?: string;
  /** A text is sent as UTF-8. */
  readonly password?: string | Uint8Array;
  /** 5.0 only. */
  readonly properties?: Pick<ConnectProperties, 'userProperties'>;
}

/**
 * Called before each attempt, and may take its time (`connectTimeoutMs` counts): a fresh token, a signed URL. What it throws
 * makes a failed attempt.
 *
 * @example const prepare: PrepareAttempt = async ({ signal }) => ({ password: await fetchToken(signal) });
 */
export type PrepareAttempt = (
  context: AttemptContext,
) => AttemptOptions | undefined | Promise<AttemptOptions | undefined>;
