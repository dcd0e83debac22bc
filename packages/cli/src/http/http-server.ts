import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type Broker, type BrokerLog, QuietLine } from '@busbar/broker';
import { BearerToken } from './bearer-token.ts';
import { type HttpSettings, USUAL_HTTP_PORT } from './http-settings.ts';

/** What strangers can make the server hold: few connections, small requests, none for long. */
const BOUNDS: ServerOptions = {
  maxHeaderSize: 8 * 1024,
  headersTimeout: 5_000,
  requestTimeout: 5_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 1_000,
  noDelay: true,
};
const MAXIMUM_CONNECTIONS = 100;
const REQUESTS_PER_CONNECTION = 1_000;
/** Of silence, whoever keeps it: one who does not read the answer is let go. */
const SILENCE_MS = 10_000;

const LOOPBACK = ['127.0.0.1', '::1'];
/** What a machine without IPv6 says to `::1`. */
const NO_IPV6 = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EINVAL']);

/** An answer: everything here is small. */
interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Lets monitoring look at a broker over HTTP: `/metrics` for Prometheus, `/health/live` and `/health/ready` for orchestrators and
 * load balancers. It listens before the broker does, so that the broker's start can be watched.
 */
export class HttpServer {
  readonly #settings: HttpSettings;
  #token: BearerToken | undefined;
  readonly #refused: QuietLine;
  readonly #failed: QuietLine;
  readonly #servers: Server[] = [];
  #broker: Broker | undefined = undefined;
  #isStopping = false;

  private constructor(settings: HttpSettings, log: BrokerLog) {
    this.#settings = settings;
    this.#token = settings.token === undefined ? undefined : new BearerToken(settings.token);
    const later = (callback: () => void, delayMs: number): void => void setTimeout(callback, delayMs).unref();
    this.#refused = new QuietLine(log, 'an HTTP request without the right token was refused', { later });
    this.#failed = new QuietLine(log, 'an HTTP request could not be answered', { level: 'error', later });
  }

  /** @throws {Error} It cannot listen there; the message says why. */
  static async open(settings: HttpSettings, log: BrokerLog): Promise<HttpServer> {
    const http = new HttpServer(settings, log);
    const { host = 'localhost', port = USUAL_HTTP_PORT } = settings;
    const [first = host, second] = host === 'localhost' ? LOOPBACK : [host];
    await http.#listen(first, port);
    if (second !== undefined) await http.#listenToo(second);
    log.info({ url: http.url }, 'HTTP for monitoring');
    return http;
  }

  /** The URL that it is reached at, on this machine. */
  get url(): string {
    const { address = '', port } = this.#address;
    const host = address.includes(':') ? `[${address}]` : address;
    return `${this.#settings.tls === undefined ? 'http' : 'https'}://${host}:${port}`;
  }

  /** The broker is there. */
  attach(broker: Broker): void {
    this.#broker = broker;
  }

  /** Asks for another token from now on. One that asks for a token goes on asking: others may reach it. */
  replaceToken(token: string | undefined): void {
    if (token !== undefined) this.#token = new BearerToken(token);
  }

  /** The broker is about to stop: nobody should be sent there. */
  handleStopping(): void {
    this.#isStopping = true;
  }

  close(): void {
    for (const server of this.#servers) {
      server.close();
      server.closeAllConnections();
    }
  }

  get #address(): AddressInfo {
    return this.#servers[0]?.address() as AddressInfo;
  }

  async #listen(host: string, port: number): Promise<void> {
    const server = this.#makeServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port }, () => {
        server.off('error', reject);
        resolve();
      });
    });
    // What happens to it from now on, happens to one connection.
    server.on('error', () => {});
    this.#servers.push(server);
  }

  /** The second loopback address, where the machine has it. */
  async #listenToo(host: string): Promise<void> {
    try {
      await this.#listen(host, this.#address.port);
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (NO_IPV6.has(code)) return;
      this.close();
      throw error;
    }
  }

  #makeServer(): Server {
    const { tls } = this.#settings;
    const listener = (request: IncomingMessage, response: ServerResponse): void => void this.#serve(request, response);
    const server =
      tls === undefined ? createServer(BOUNDS, listener) : createSecureServer({ ...BOUNDS, ...tls }, listener);
    server.maxConnections = MAXIMUM_CONNECTIONS;
    server.maxRequestsPerSocket = REQUESTS_PER_CONNECTION;
    server.timeout = SILENCE_MS;
    return server;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const {
      status,
      type,
      body,
      headers = {},
    } = await this.#answer(request).catch((error): Answer => {
      this.#failed.write({ error: String(error) }, performance.now());
      return textAnswer(500, 'it could not be answered; the log says why\n');
    });
    if (response.destroyed) return;
    // A request with a body is none of ours: what follows on its connection is not read.
    const isOdd = status >= 400 && status !== 503;
    const hasBody = request.headers['content-length'] !== undefined || 'transfer-encoding' in request.headers;
    response.writeHead(status, {
      'content-type': type,
      'content-length': Buffer.byteLength(body),
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      ...(isOdd || hasBody ? { connection: 'close' } : {}),
      ...headers,
    });
    response.end(request.method === 'HEAD' ? '' : body);
  }

  async #answer(request: IncomingMessage): Promise<Answer> {
    const { path, host } = targetOf(request);
    const isHealth = path === '/health/live' || path === '/health/ready';
    const isKnown = this.#token?.isIn(request.headers.authorization) ?? true;
    if (!isKnown && !(isHealth && this.#settings.openHealth === true)) return this.#refuse(request);
    if (this.#token === undefined && !isOwnName(host)) {
      return textAnswer(421, 'without a token, ask for localhost or an address\n');
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return { ...textAnswer(405, 'expected GET\n'), headers: { allow: 'GET, HEAD' } };
    }
    if (path === '/health/live') return jsonAnswer(200, { live: true });
    if (path === '/health/ready') return this.#answerReady(isKnown);
    if (path === '/metrics' && this.#settings.metrics !== false) return await this.#answerMetrics();
    return textAnswer(404, 'there are /metrics, /health/live and /health/ready\n');
  }

  #refuse({ socket }: IncomingMessage): Answer {
    this.#refused.write({ remote: socket.remoteAddress, reason: 'token' }, performance.now());
    const headers = { 'www-authenticate': 'Bearer realm="busbar"' };
    return { ...textAnswer(401, 'expected Authorization: Bearer TOKEN\n'), headers };
  }

  /** @param isTold Whether the reasons are for the one who asks. */
  #answerReady(isTold: boolean): Answer {
    const reasons = this.#reasons;
    const ready = Object.keys(reasons).length === 0;
    return jsonAnswer(ready ? 200 : 503, ready || !isTold ? { ready } : { ready, reasons });
  }

  get #reasons(): Readonly<Record<string, string>> {
    if (this.#broker === undefined) return { starting: 'the broker is starting' };
    return this.#isStopping ? { stopping: 'the broker is stopping' } : this.#broker.readiness.reasons;
  }

  async #answerMetrics(): Promise<Answer> {
    const metrics = this.#broker?.metrics;
    if (metrics === undefined) return textAnswer(503, 'the broker is starting\n');
    return { status: 200, type: metrics.contentType, body: await metrics.text() };
  }
}

/** A request may name the whole URL, whose host then counts instead of the header's (RFC 9112, section 3.2.2). */
function targetOf({ url = '', headers }: IncomingMessage): {
  readonly path: string;
  readonly host: string | undefined;
} {
  const [, host = headers.host, target = url] = /^https?:\/\/([^/?]+)(.*)$/i.exec(url) ?? [];
  return { path: target.split('?', 1)[0] ?? '', host };
}

/**
 * Whether a request without a token asks for this machine by a name that only it has: a page in somebody's browser could come by
 * a name of its own that leads here.
 */
function isOwnName(host: string | undefined): boolean {
  return host === undefined || /^(localhost|[\d.]+|\[[\da-f:.]+\])(:\d+)?$/i.test(host);
}

function textAnswer(status: number, body: string): Answer {
  return { status, type: 'text/plain; charset=utf-8', body };
}

function jsonAnswer(status: number, value: unknown): Answer {
  return { status, type: 'application/json', body: `${JSON.stringify(value)}\n` };
}
