import type { Socket } from 'node:net';
import { DialFailure } from './system-words.ts';
import type { ProxySettings, WirePlace } from './tool-settings.ts';

const VERSION = 5;
const CONNECT = 1;
const NO_AUTHENTICATION = 0;
const USER_NAME_AND_PASSWORD = 2;
const REPLIES = [
  'succeeded',
  'the proxy failed',
  'the proxy does not allow it',
  'the network is unreachable',
  'the host is unreachable',
  'the connection was refused',
  'it took too long',
  'the proxy does not know the command',
  'the proxy does not know the kind of address',
];

/** Asks a SOCKS5 proxy (RFC 1928, RFC 1929) to connect us to a server, whose name the proxy resolves. @throws {DialFailure} */
export async function askProxy(socket: Socket, proxy: ProxySettings, { host, port }: WirePlace): Promise<void> {
  const { userName, password = '' } = proxy;
  const reader = new SocketReader(socket);
  const method = userName === undefined ? NO_AUTHENTICATION : USER_NAME_AND_PASSWORD;
  socket.write(Uint8Array.of(VERSION, 1, method));
  const [version, chosen] = await reader.read(2);
  if (version !== VERSION || chosen !== method) throw failure('the proxy does not take the kind of authentication');
  if (userName !== undefined) {
    const [name, secret] = [Buffer.from(userName), Buffer.from(password)];
    socket.write(Buffer.concat([Uint8Array.of(1, name.length), name, Uint8Array.of(secret.length), secret]));
    const [, status] = await reader.read(2);
    if (status !== 0) throw failure('the proxy does not accept user name and password');
  }
  const name = Buffer.from(host);
  socket.write(
    Buffer.concat([Uint8Array.of(VERSION, CONNECT, 0, 3, name.length), name, Uint8Array.of(port >> 8, port & 0xff)]),
  );
  const [, reply = 1, , kind, first = 0] = await reader.read(5);
  if (reply !== 0) throw failure(REPLIES[reply] ?? `the proxy answered ${reply}`);
  await reader.read((kind === 1 ? 4 : kind === 4 ? 16 : first + 1) - 1 + 2);
  reader.end();
}

function failure(what: string): DialFailure {
  return new DialFailure('Unable to connect (Proxy error.).', `cannot connect through the proxy: ${what}`);
}

/** Reads so many bytes at a time, and leaves the rest to whoever comes after. */
class SocketReader {
  readonly #socket: Socket;
  #bytes = Buffer.alloc(0);
  #wake: () => void = () => {};
  readonly #onData = (chunk: Buffer) => {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    this.#wake();
  };
  readonly #onClose = () => {
    this.#isClosed = true;
    this.#wake();
  };
  #isClosed = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', this.#onData).on('close', this.#onClose).on('error', this.#onClose);
  }

  async read(byteLength: number): Promise<Buffer> {
    while (this.#bytes.length < byteLength) {
      if (this.#isClosed) throw failure('the proxy closed the connection');
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const read = this.#bytes.subarray(0, byteLength);
    this.#bytes = this.#bytes.subarray(byteLength);
    return read;
  }

  end(): void {
    this.#socket.pause();
    this.#socket.off('data', this.#onData).off('close', this.#onClose).off('error', this.#onClose);
    if (this.#bytes.length > 0) this.#socket.unshift(this.#bytes);
  }
}
