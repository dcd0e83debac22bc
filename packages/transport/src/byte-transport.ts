import type { TlsSession } from './tls-session.ts';

/**
 * A connected, ordered, reliable stream of bytes in both directions: what MQTT calls a Network Connection (section 4.2).
 *
 * It moves bytes and knows nothing of packets. Whoever owns it attaches one {@link TransportReceiver}; from then on bytes
 * flow in through `handleBytes` and the end comes exactly once through `handleClosed`. How far the peer lags behind is
 * visible as two numbers, `bufferedBytes` and `isWritable`; nothing here ever waits.
 *
 *     attach --> open --end(), the peer ends--> ending --flushed--> closed: handleClosed()
 *                  \--destroy(), an error, endTimeoutMs over-----> closed: handleClosed(error?)
 *
 * Once its owner has called `end` or `destroy`, nothing but `handleClosed` follows: what still arrives is thrown away.
 */
export interface ByteTransport {
  /**
   * Bytes written that the operating system (or the peer in memory) has not taken yet. 0 means every written buffer may
XX   */
  readonly bufferedBytes: number;
  /**
   * False from the moment `bufferedBytes` has reached the high-water mark (65,536 bytes by default) until it is 0 again;
   * then `handleWritable` is called. `write` still takes bytes meanwhile: the bound is the owner's to keep.
   */
  readonly isWritable: boolean;
  /** The peer, for logs and limits. */
  readonly remote: TransportAddress;
  /** What TLS says of the connection and of the peer; absent where there is no TLS. */
  readonly tls?: TlsSession | undefined;

  /** Attaches the one receiver and starts the flow of bytes. Calling it twice is a mistake of the caller and throws. */
  attach(receiver: TransportReceiver): void;
  /** Hands over bytes to be sent. They must not be changed until {@link bufferedBytes} is 0. After the end it does nothing. */
  write(bytes: Uint8Array): void;
  /** Hands over several buffers to leave together, in one system call where the transport can. */
  writeAll(segments: readonly Uint8Array[]): void;
  /** Stops reading, also before {@link attach}: the peer feels back-pressure once its own window is full. */
  pause(): void;
  /** Reads again after {@link pause}. */
  resume(): void;
  /** Sends what is buffered, then closes. `handleClosed` follows, with an error if the peer did not take it all in time. */
  end(): void;
  /** Closes at once and forgets what is buffered. `handleClosed` follows. */
  destroy(): void;
}

/** Where a peer is. */
export interface TransportAddress {
  /** Numeric address without port or zone, `memory` or `unix` for a transport without addresses, `''` if unknown. */
  readonly address: string;
  /** 0 where there is none. */
  readonly port: number;
}

/** What the owner of a transport is told. No call comes from within `attach`, `write`, `end` or `destroy`. */
export interface TransportReceiver {
  /** Bytes as they arrived. The buffer is the receiver's to keep: the transport never writes into it again. */
  handleBytes(bytes: Uint8Array): void;
  /** The transport has drained after {@link ByteTransport.isWritable} was false. */
  handleWritable(): void;
  /**
   * The connection is over, exactly once and last. `error` is absent when the peer or the owner closed it in order; its
   * absence proves no order, for Node reports a reset that follows unread bytes as an end.
   */
  handleClosed(error?: TransportError): void;
}

/**
 * The world's fault: a network or operating system error, with the system's own code.
 *
 * @example
 * client.on('attempt-failed', ({ error }) => {
 *   if (error instanceof TransportError && error.code === 'ECONNREFUSED') console.log('nobody listens there');
 * });
 */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  /** The system's code, such as `ECONNREFUSED` or `EADDRINUSE`; stable, for programs to branch on. */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** An error whose message ends with its code, as those of the system do. */
export function codedError(code: string, message: string, options?: ErrorOptions): TransportError {
  return new TransportError(code, `${message} (${code})`, options);
}
