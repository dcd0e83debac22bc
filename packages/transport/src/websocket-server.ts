import { createServer, type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { AddressList } from './address-list.ts';
import { type Arrival, peerHasClosed } from './arrival.ts';
import { codedError } from './byte-transport.ts';
import { forwardedAddress } from './forwarded-address.ts';
import { MQTT_SUBPROTOCOLS } from './websocket-options.ts';
import type { WebSocketServerOptions } from './websocket-server-options.ts';

/** Why a request is answered with an HTTP status instead of a WebSocket. */
interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const PATH = '/mqtt';
const MAXIMUM_PAYLOAD = 16_777_216;
const MAXIMUM_HEADER_BYTES = 8_192;

/**
 * The WebSocket step of a listener: takes a connection that was accepted (and secured, for `wss:`), answers its HTTP request,
 * and gives it on when it is a WebSocket (section 6, RFC 6455 section 4.2).
 *
 * Answers 400 to a wrong sub-protocol or a broken handshake, 403 to an origin that is not allowed, 404 to another path, 426 to
 * what is no handshake, 431 to a request that is too long.
 */
export class WebSocketAcceptor {
  readonly #http: Server;
  readonly #webSockets: WebSocketServer;
  readonly #path: string;
  readonly #allowedOrigins: ReadonlySet<string> | undefined;
  readonly #trustedProxies: AddressList;
  readonly #arrivals = new WeakMap<object, { arrival: Arrival; next: (webSocket: WebSocket) => void }>();

  /** @throws {TransportError} `ERR_ADDRESS`: a trusted proxy that is neither an address nor a network. */
  constructor(options: WebSocketServerOptions) {
    const { allowedOrigins, maximumPayload = MAXIMUM_PAYLOAD, maximumHeaderBytes = MAXIMUM_HEADER_BYTES } = options;
    this.#path = options.path ?? PATH;
    this.#allowedOrigins = allowedOrigins && new Set(allowedOrigins.map((origin) => origin.toLowerCase()));
    this.#trustedProxies = new AddressList(options.trustedProxies ?? []);
    this.#webSockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: options.perMessageDeflate ?? false,
      maxPayload: maximumPayload,
      handleProtocols: (offered) => MQTT_SUBPROTOCOLS.find((name) => offered.has(name)) ?? false, // [MQTT-6.0.0-4]
    });
    this.#http = createServer({ maxHeaderSize: maximumHeaderBytes });
    this.#http.on('request', (request) => this.#refuse(request.socket, NO_HANDSHAKE));
    this.#http.on('upgrade', (request, socket, head) => this.#handleUpgrade(request, socket as Socket, head));
    this.#http.on('clientError', (error, socket) => this.#handleHttpError(error, socket as Socket));
    this.#webSockets.on('wsClientError', ({ message }, socket) => {
      this.#refuse(socket as Socket, { status: 400, code: 'ERR_WS_HANDSHAKE', message, headers: VERSION });
    });
  }

  /** Reads the request. Data that the socket has read already are part of it. */
  upgrade(arrival: Arrival, socket: Socket, next: (webSocket: WebSocket) => void): void {
    this.#arrivals.set(socket, { arrival, next });
    this.#http.emit('connection', socket);
  }

  #handleUpgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const found = this.#arrivals.get(socket);
    const refusal = this.#refusalOf(request);
    if (refusal !== undefined || !found?.arrival.isUnderWay) {
      this.#refuse(socket, refusal ?? NO_HANDSHAKE);
      return;
    }
    const { arrival, next } = found;
    const { headers } = request;
    const open = (webSocket: WebSocket) => {
      this.#arrivals.delete(socket);
      next(webSocket);
    };
    arrival.remote = forwardedAddress(arrival.remote, joined(headers['x-forwarded-for']), this.#trustedProxies);
    this.#webSockets.handleUpgrade(request, socket, head, open);
  }

  #refusalOf({ url = '', headers }: IncomingMessage): Refusal | undefined {
    const path = url.replace(AUTHORITY, '').split('?', 1)[0];
    if (this.#path !== '*' && path !== this.#path) {
      return { status: 404, code: 'ERR_WS_PATH', message: `expected the path ${this.#path}, another came` };
    }
    const origin = headers.origin?.toLowerCase();
    if (origin !== undefined && this.#allowedOrigins?.has(origin) === false) {
      return { status: 403, code: 'ERR_WS_ORIGIN', message: 'the origin of this page is not allowed' };
    }
    if (headers.upgrade?.toLowerCase() !== 'websocket') return NO_HANDSHAKE;
    const offered = headers['sec-websocket-protocol']?.split(',').map((name) => name.trim()) ?? [];
    return MQTT_SUBPROTOCOLS.some((name) => offered.includes(name)) ? undefined : NO_SUBPROTOCOL; // [MQTT-6.0.0-3]
  }

  #handleHttpError(error: Error, socket: Socket): void {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'HPE_INVALID_EOF_STATE') this.#arrivals.get(socket)?.arrival.fail(peerHasClosed());
    else if (code === 'HPE_HEADER_OVERFLOW')
      this.#refuse(socket, { status: 431, code, message: 'the request is too long' });
    else if (code.startsWith('HPE_')) this.#refuse(socket, { status: 400, code, message: NO_HTTP });
    else this.#arrivals.get(socket)?.arrival.fail(error);
  }

  /** Answers and closes; the time for the handshake bounds how long the peer may take for it. */
  #refuse(socket: Socket, { status, code, message, headers }: Refusal): void {
    const body = `${message}\n`;
    const lines = Object.entries({ Connection: 'close', ...ANSWER, 'Content-Length': body.length, ...headers });
    const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
    if (socket.writable) socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${head}\r\n${body}`);
    this.#arrivals.get(socket)?.arrival.fail(codedError(code, `WebSocket: ${message}`));
  }
}

const ANSWER = { 'Content-Type': 'text/plain; charset=utf-8' };
const VERSION = { 'Sec-WebSocket-Version': '13' };

/** What stands before the path where the target of a request is a whole URL (RFC 9112, section 3.2.2). */
const AUTHORITY = /^https?:\/\/[^/?]*/i;

const NO_HANDSHAKE: Refusal = {
  status: 426,
  code: 'ERR_WS_HANDSHAKE',
  message: 'expected a WebSocket handshake, another request came',
  headers: { Upgrade: 'websocket' },
};

const NO_SUBPROTOCOL: Refusal = {
  status: 400,
  code: 'ERR_WS_SUBPROTOCOL',
  message: `expected the sub-protocol ${MQTT_SUBPROTOCOLS.join(' or ')}, neither came`,
};

const NO_HTTP = 'expected an HTTP request, something else came';

function joined(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join(',') : header;
}
