import type { Socket } from 'node:net';
import { codedError } from './byte-transport.ts';
import { transportError } from './system-error.ts';

/** How long an attempt to connect may take, and who may stop it. */
export interface DialLimits {
  /** Gives the attempt up when aborted; a connection that is made already is not touched. */
  readonly signal?: AbortSignal;
  /** Milliseconds for everything: name resolution, all addresses, and the TLS and WebSocket handshakes; default 30,000. */
  readonly timeoutMs?: number;
}

/** One attempt to connect, as whoever makes it sees it. */
export interface Dialling<Result> {
  /** What is tried, as an error message begins: `cannot connect to localhost:1883`. */
  readonly attempt: string;
  /** The connection is made. */
  succeed(result: Result): void;
  /** The connection cannot be made; what came before the verdict counts, what comes after does not. */
  fail(error: Error): void;
  /** What is closed when the attempt fails; whatever error it tells until the verdict fails the attempt. */
  watch(socket: Socket): void;
}

/**
 * Makes one attempt to connect, in as many steps as `start` needs, and bounds all of it by one timer and one signal.
 *
 * Neither outlives the attempt, and a failed one leaves no socket behind.
 *
 * @throws {TransportError} What `start` failed with, `ETIMEDOUT` or `ABORT_ERR`.
 */
export function dial<Result>(
  attempt: string,
  { signal, timeoutMs = 30_000 }: DialLimits,
  start: (dialling: Dialling<Result>) => void,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    const sockets: Socket[] = [];
    let isSettled = false;
    const settle = () => {
      isSettled = true;
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      for (const socket of sockets) socket.off('error', fail);
    };
    const fail = (error: Error) => {
      if (isSettled) return;
      settle();
      // The TLS socket goes before the one that it is on: Node would free it while it is still at work.
      for (const socket of sockets.reverse()) {
        socket.on('error', () => {}); // an attempt on another address may still fail after the verdict
        socket.destroy();
      }
      reject(transportError(attempt, error));
    };
    const succeed = (result: Result) => {
      settle();
      resolve(result);
    };
    const watch = (socket: Socket) => void sockets.push(socket.on('error', fail));
    const aborted = () => codedError('ABORT_ERR', `${attempt}: aborted`, { cause: signal?.reason });
    const onAbort = () => fail(aborted());
    if (signal?.aborted) return reject(aborted());

    const onTimeout = () => fail(codedError('ETIMEDOUT', `${attempt}: no answer in ${timeoutMs} ms`));
    const timer = setTimeout(onTimeout, timeoutMs);
    signal?.addEventListener('abort', onAbort);
    try {
      start({ attempt, succeed, fail, watch });
    } catch (error) {
      settle();
      throw error; // the caller's mistake, such as a port out of range
    }
  });
}
