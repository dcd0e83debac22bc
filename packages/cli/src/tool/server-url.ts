import type { Reading } from './option.ts';
import type { ProxySettings, ToolSettings } from './tool-settings.ts';
import { ToolUsage } from './tool-usage.ts';
import { addTopic } from './topic-option.ts';

const SCHEMES: ReadonlyMap<string, { port: number; isSecure: boolean; isWebSocket: boolean }> = new Map([
  ['mqtt', { port: 1883, isSecure: false, isWebSocket: false }],
  ['mqtts', { port: 8883, isSecure: true, isWebSocket: false }],
  ['ws', { port: 1883, isSecure: false, isWebSocket: true }],
  ['wss', { port: 8883, isSecure: true, isWebSocket: true }],
]);

/** Takes `-L mqtt(s)://[user[:password]@]host[:port]/topic`. @throws {ToolUsage} */
export function readServerUrl(url: string, settings: ToolSettings, reading: Reading): void {
  const [, scheme = '', rest = ''] = /^(\w+):\/\/(.*)$/s.exec(url) ?? [];
  const meaning = SCHEMES.get(scheme.toLowerCase());
  const ours = `-L/--url: expected mqtt(s):// or ws(s)://[user[:password]@]host[:port]/topic, not '${url}'`;
  if (meaning === undefined) throw new ToolUsage('Error: Unsupported URL scheme.\n\n', ours);
  const slash = rest.indexOf('/');
  if (slash < 0) throw new ToolUsage('Error: Invalid URL for -L argument specified - topic missing.\n', ours);
  settings.port = meaning.port;
  if (meaning.isSecure) settings.tls.usesSystemAuthorities = true;
  if (meaning.isWebSocket) settings.isWebSocket = true;
  addTopic(rest.slice(slash + 1), settings, { ...reading, flag: '-L topic' });

  const [, userName, , password, place = ''] = /^(?:([^:@]*)(:([^@]*))?@)?(.*)$/s.exec(rest.slice(0, slash)) ?? [];
  if (userName !== undefined) settings.userName = userName;
  if (password !== undefined) settings.password = password;
  const [, bracketed, host = bracketed ?? '', port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(.*))?$/s.exec(place) ?? [];
  settings.host = bracketed ?? host;
  if (port !== undefined) settings.port = Number.parseInt(port, 10) || 0;
}

/** Reads `socks5h://[user[:password]@]host[:port]`. @throws {ToolUsage} */
export function readProxy(url: string): ProxySettings {
  const ours = `--proxy: expected socks5h://[user[:password]@]host[:port], not '${url}'`;
  if (!url.startsWith('socks5h://')) throw new ToolUsage(`Error: Unsupported proxy protocol: ${url}\n`, ours);
  const pattern = /^(?:([^:@]+)(?::([^@]*))?@)?(?:\[([^\]]+)\]|([^:]*))(?::(.*))?$/s;
  const [, userName, password, bracketed, name, port] = pattern.exec(url.slice('socks5h://'.length)) ?? [];
  const host = bracketed ?? name ?? '';
  if (host === '') throw new ToolUsage('Error: Invalid proxy.\n', ours);
  const portNumber = port === undefined ? 1080 : Number.parseInt(port, 10) || 0;
  if (portNumber < 1 || portNumber > 65_535) throw new ToolUsage(`Error: Invalid proxy port ${portNumber}\n`, ours);
  return { host, port: portNumber, userName: decode(userName, ours), password: decode(password, ours) };
}

/** `%25`, `%3A` and `%40` are the only escapes there are. */
function decode(text: string | undefined, ours: string): string | undefined {
  return text?.replace(/%(.{0,2})/g, (_, code: string) => {
    const meaning = { '25': '%', '3A': ':', '40': '@' }[code.toUpperCase()];
    if (meaning === undefined) throw new ToolUsage('', ours);
    return meaning;
  });
}
