import { chmod, chown, lstat, unlink } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { type HandshakeOptions, Handshakes } from './arrival.ts';
import { type ByteTransport, codedError, type TransportAddress } from './byte-transport.ts';
import { type DialLimits, dial } from './dialling.ts';
import { createGatedServer, type ListenerOptions, openListener, type TransportListener } from './listener.ts';
import { SocketTransport, type TransportLimits } from './socket-transport.ts';
import { transportError } from './system-error.ts';

const REMOTE: TransportAddress = { address: 'unix', port: 0 };
const OWNER_AND_GROUP = 0o660;

/** Where and how to dial. */
export interface DialUnixOptions extends DialLimits, TransportLimits {
  /** The socket's file. */
  readonly path: string;
}

/**
 * Connects to a Unix socket of this machine.
 *
 * @throws {TransportError} `ENOENT`: no such file; `ECONNREFUSED`: nobody listens; `EACCES`, `ETIMEDOUT`, `ABORT_ERR`.
 */
export function dialUnix(options: DialUnixOptions): Promise<ByteTransport> {
  return dial(`cannot connect to ${options.path}`, options, (dialling) => {
    const socket = connect({ path: options.path });
    dialling.watch(socket);
    socket.once('connect', () => dialling.succeed(new SocketTransport(socket, options, { remote: REMOTE })));
  });
}

/** Where and how to listen. */
export interface ListenUnixOptions extends TransportLimits, ListenerOptions, HandshakeOptions {
  /** The socket's file; about 100 bytes at the most. One that a dead program has left behind is replaced. */
  readonly path: string;
  /** Who may connect, as permission bits; default 0o660: the owner and the group. */
  readonly mode?: number;
  /** Numeric user and group that the file is given to; default: those of this process. */
  readonly owner?: { readonly user: number; readonly group: number };
}

/**
 * Listens on a Unix socket. The file is removed when the listener is closed.
 *
 *     const listener = await listenUnix({ path: '/run/busbar/mqtt.sock' }, accept);
 *
 * @throws {TransportError} `EADDRINUSE`: somebody listens there, or the file is no socket; `ENOENT`: no such folder;
 *   `EACCES`, `EPERM`: this process may not.
 */
export async function listenUnix(
  options: ListenUnixOptions,
  accept: (transport: ByteTransport) => void,
): Promise<TransportListener> {
  const { path, mode = OWNER_AND_GROUP, owner } = options;
  const attempt = `cannot listen on ${path}`;
  await removeStaleSocket(path, attempt);
  const handshakes = new Handshakes(options);
  const take = (socket: Socket, remote: TransportAddress) => accept(new SocketTransport(socket, options, { remote }));
  const enter = (socket: Socket) => {
    if (options.proxyProtocol !== true) return take(socket, REMOTE);
    handshakes.begin(socket, REMOTE, (arrival) => {
      arrival.complete();
      take(socket, arrival.remote);
    });
  };
  const server = createGatedServer(options, enter);
  const listener = await withMode(mode, () =>
    openListener(server, { path }, attempt, options, () => handshakes.close()),
  );
  try {
    await chmod(path, mode);
    if (owner !== undefined) await chown(path, owner.user, owner.group);
  } catch (error) {
    await listener.close();
    throw transportError(attempt, error);
  }
  return listener;
}

/** Calls `bind`, which creates a file at once, so that the file never has more rights than `mode`. */
function withMode<Result>(mode: number, bind: () => Result): Result {
  let former: number;
  try {
    former = process.umask(0o777 & ~mode);
  } catch {
    return bind(); // a worker thread may not change it; chmod follows
  }
  try {
    return bind();
  } finally {
    process.umask(former);
  }
}

/** Removes the file of a listener that is gone, and leaves everything else where it is. */
async function removeStaleSocket(path: string, attempt: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return;
  const refuse = (what: string) => codedError('EADDRINUSE', `${attempt}: ${what}`);
  if (!found.isSocket()) throw refuse('the file exists and is no socket');
  if (await hasListener(path)) throw refuse('another program listens there');
  const stillThere = await lstat(path).catch(() => undefined);
  if (stillThere?.ino !== found.ino) return; // somebody was faster: binding will tell
  await unlink(path).catch((error) => {
    throw transportError(attempt, error);
  });
}

function hasListener(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect({ path });
    probe.on('connect', () => {
      probe.destroy();
      resolve(true);
    });
    // Only a refusal proves that nobody listens; a full queue (EAGAIN) or missing rights (EACCES) prove nothing.
    probe.on('error', ({ code }: NodeJS.ErrnoException) => resolve(code !== 'ECONNREFUSED' && code !== 'ENOENT'));
  });
}
