import path from 'node:path';
import type { Configuration } from './schema.ts';

/** The settings that a mosquitto.conf is translated to and that name a file or a folder. */
const FILES: ReadonlySet<string> = new Set([
  ...['cert', 'key', 'ca', 'crl', 'pskFile', 'passwordFile', 'aclFile'],
  ...['pidFile', 'file', 'data'],
]);

/**
 * A configuration whose files are found wherever it is put: those of a mosquitto.conf are looked for where the command runs, those
 * of a busbar.yaml beside it.
 */
export function withAbsoluteFiles(configuration: Configuration, folder: string): Configuration {
  return resolved(configuration, '', folder) as Configuration;
}

function resolved(value: unknown, name: string, folder: string): unknown {
  if (Array.isArray(value)) return value.map((each) => resolved(each, name, folder));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, resolved(each, key, folder)]));
  }
  const isFile = typeof value === 'string' && FILES.has(name) && !(name === 'data' && value === 'memory');
  return isFile ? path.resolve(folder, value) : value;
}
