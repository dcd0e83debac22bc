import { UsageError } from '@busbar/codec';

/** Where a server is, as its URL says. */
export interface ServerAddress {
  /** `mqtt:` and the like. */
  readonly protocol: string;
  /** A name or a numeric address, without the brackets of IPv6. */
  readonly host: string;
  /** The path of `ws:` and `wss:`, the socket's file of `unix:`. */
  readonly path: string;
  /** 1 to 65,535, 0 for `unix:`; by default what is usual for the protocol. */
  readonly port: number;
  /** As it was given, without user name and password. */
  readonly url: string;
}

/** A URL taken apart. */
export interface ServerUrl {
  readonly address: ServerAddress;
  readonly userName: string | undefined;
  readonly password: string | undefined;
}

const USUAL_PORTS: ReadonlyMap<string, number> = new Map([
  ['mqtt:', 1883],
  ['mqtts:', 8883],
  ['ws:', 80],
  ['wss:', 443],
  ['unix:', 0],
]);

/**
 * Takes the URL of a server apart: `mqtt://[user[:password]@]host[:port]`, likewise `mqtts:`, `ws:` and `wss:` with a path, and
 * `unix:///path/of/the/socket`.
 *
 * @throws {UsageError} It is no such URL.
 * @example parseServerUrl('mqtt://user:secret@localhost').address.port // 1883
 */
export function parseServerUrl(text: string | URL): ServerUrl {
  const url = parse(text);
  const usualPort = USUAL_PORTS.get(url.protocol);
  if (usualPort === undefined)
    throw invalid(`the scheme must be one of mqtt, mqtts, ws, wss and unix, not '${url.protocol.slice(0, -1)}'`);
  const isUnix = url.protocol === 'unix:';
  if (url.hostname === '' && !isUnix) throw invalid('the host is missing');
  if (isUnix && url.pathname === '') throw invalid("the socket's file is missing");
  const port = url.port === '' ? usualPort : Number(url.port);
  if (port === 0 && !isUnix) throw invalid('port 0 cannot be dialled');
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const userName = decode(url.username) || undefined;
  const password = decode(url.password) || undefined;
  url.username = '';
  url.password = '';
  const path = isUnix ? decode(url.pathname) : url.pathname;
  return { address: { protocol: url.protocol, host, port, path, url: url.href }, userName, password };
}

/** Whether the way to the server is encrypted. */
export function secureOf({ protocol }: ServerAddress): boolean {
  return protocol === 'mqtts:' || protocol === 'wss:';
}

function parse(text: string | URL): URL {
  try {
    return new URL(text);
  } catch {
    throw invalid('it is no URL');
  }
}

/** The text itself is not quoted: it may hold a password. */
function invalid(what: string): UsageError {
  return new UsageError('server-url-invalid', `expected a server's URL such as mqtt://localhost:1883: ${what}`);
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw invalid('user name and password must be percent-encoded');
  }
}
