import { stringify } from 'yaml';
import type { Configuration } from './schema.ts';

const SECRET = /secret|password$|token$|authorization|api.?key/i;

/** A configuration as YAML, for people and for a `busbar.yaml`. Values of HTTP headers and secrets are left out. */
export function showConfiguration(configuration: Configuration): string {
  return stringify(withoutSecrets(configuration, ''), { lineWidth: 120 });
}

function withoutSecrets(value: unknown, name: string): unknown {
  if (Array.isArray(value)) return value.map((each) => withoutSecrets(each, name));
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter(([, each]) => each !== undefined);
    return Object.fromEntries(
      entries.map(([key, each]) => [key, name === 'headers' ? '***' : withoutSecrets(each, key)]),
    );
  }
  if (name === 'url' || name === 'jwksUrl') return withoutUserInfo(String(value));
  return typeof value === 'string' && SECRET.test(name) ? '***' : value;
}

function withoutUserInfo(text: string): string {
  const url = new URL(text);
  if (url.password === '' && url.username === '') return text;
  url.username = '***';
  url.password = '';
  return url.href;
}
