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
  if (name === 'url' || name === 'jwksUrl') return withoutUrlSecrets(String(value));
  return typeof value === 'string' && SECRET.test(name) ? '***' : value;
}

/** User, password and what is asked with a URL: a key may stand in each. */
function withoutUrlSecrets(text: string): string {
  const url = new URL(text);
  const hasUser = url.password !== '' || url.username !== '';
  if (!hasUser && url.search === '') return text;
  if (hasUser) url.username = '***';
  url.password = '';
  url.search = url.search.replace(/=[^&]*/g, '=***');
  return url.href;
}
