import { connect, type NetConnectOpts, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { DialFailure, dialFailure } from './system-words.ts';
import type { ToolSettings, WirePlace } from './tool-settings.ts';

const DIAL_TIMEOUT_MS = 30_000;

/** Whether the options ask for TLS, as mosquitto's tools understand them. */
export function usesTls({ tls, port }: ToolSettings): boolean {
  if (tls.isOff) return false;
  const isAsked = tls.caFile !== undefined || tls.caPath !== undefined || tls.psk !== undefined;
  return isAsked || tls.usesSystemAuthorities || port === 8883;
}

/** Whom the options mean, as messages name it. */
export function describePlace(settings: ToolSettings): string {
  if (settings.unixPath !== undefined) return settings.unixPath;
  const { host, port } = placeOf(settings);
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function placeOf(settings: ToolSettings): WirePlace {
  return { host: settings.host ?? 'localhost', port: settings.port ?? (usesTls(settings) ? 8883 : 1883) };
}

/**
 * Opens the connection that the options ask for. TLS, WebSocket, proxy and service look-up are loaded when they are asked
 * for: a plain connection needs none of them.
 *
 * @throws {DialFailure} Why it could not be opened.
 */
export async function dialWire(settings: ToolSettings): Promise<Duplex> {
  const where = describePlace(settings);
  let socket: Socket | undefined;
  try {
    // Files are read first: without them there is no need to bother the server.
    const secure = usesTls(settings) ? (await import('./wire-tls.ts')).prepareTls(settings) : undefined;
    const place = settings.looksUpService ? await lookUp(settings) : placeOf(settings);
    socket = await openSocket(settings, place);
    let stream: Duplex = socket;
    if (secure !== undefined) stream = await secure(socket, place.host);
    if (!settings.isWebSocket) return stream;
    const { upgrade } = await import('./wire-websocket.ts');
    return await upgrade(stream, place, settings, secure !== undefined);
  } catch (error) {
    socket?.destroy();
    throw dialFailure(where, error);
  }
}

async function lookUp(settings: ToolSettings): Promise<WirePlace> {
  const { resolveSrv } = await import('node:dns/promises');
  const { host } = placeOf(settings);
  const service = usesTls(settings) ? '_secure-mqtt._tcp' : '_mqtt._tcp';
  const found = await resolveSrv(`${service}.${host}`);
  const [best] = found.sort((one, other) => one.priority - other.priority || other.weight - one.weight);
  if (best === undefined)
    throw new DialFailure('Unable to connect (Lookup error.).', `${service}.${host} names no server`);
  return { host: best.name, port: best.port };
}

async function openSocket(settings: ToolSettings, place: WirePlace): Promise<Socket> {
  const { unixPath, bindAddress, proxy } = settings;
  if (unixPath !== undefined) return connected({ path: unixPath });
  const from = bindAddress === undefined ? {} : { localAddress: await addressOf(bindAddress) };
  if (proxy === undefined) return connectTo(place, from);
  const socket = await connected({ host: proxy.host, port: proxy.port, ...from, noDelay: true });
  const { askProxy } = await import('./socks5.ts');
  await askProxy(socket, proxy, place);
  return socket;
}

/**
 * `localhost` is this machine (RFC 6761, section 6.3): looking it up would cost a quarter of the time that `busbar pub` takes
 * to start, most of it for the regular expression with which Node knows IPv6 addresses.
 */
async function connectTo({ host, port }: WirePlace, from: { localAddress?: string }): Promise<Socket> {
  if (host !== 'localhost') return connected({ host, port, ...from, noDelay: true });
  try {
    return await connected({ host: '127.0.0.1', port, ...from, noDelay: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ECONNREFUSED') throw error;
    return connected({ host, port, ...from, noDelay: true });
  }
}

async function addressOf(name: string): Promise<string> {
  const { isIP } = await import('node:net');
  if (isIP(name) !== 0) return name;
  const { lookup } = await import('node:dns/promises');
  return (await lookup(name)).address;
}

function connected(options: NetConnectOpts): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(options);
    const timer = setTimeout(() => {
      socket.destroy();
      reject(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' }));
    }, DIAL_TIMEOUT_MS);
    socket.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.removeAllListeners('error');
      resolve(socket);
    });
  });
}
