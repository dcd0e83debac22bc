import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type ReadConfiguration, readConfiguration } from './broker-options.ts';
import { certificateNotices } from './certificate-notices.ts';
import { checkSettings } from './check-settings.ts';
import { loadYaml, overridesOf, parseOverride, type RawSettings } from './load-yaml.ts';
import { readConf } from './mosquitto/read-conf.ts';
import { toConfiguration } from './mosquitto/to-configuration.ts';
import { ConfigurationError } from './place.ts';
import type { Configuration } from './schema.ts';

/** What is to be loaded, and what is said beside it. */
export interface ConfigurationSource {
  /** A `busbar.yaml`, or a mosquitto.conf. Absent: only what stands beside it counts. */
  readonly file: string | undefined;
  /** `path=value` each. */
  readonly sets?: readonly string[] | undefined;
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
  /** Further ports for a mosquitto.conf, as mosquitto's `-p`. */
  readonly ports?: readonly number[] | undefined;
}

/** A configuration that has been read and checked. */
export interface LoadedConfiguration extends ReadConfiguration {
  readonly configuration: Configuration;
  /** Where relative files of it are. */
  readonly folder: string;
  /** What was accepted and changes nothing, or will not do what is wanted. */
  readonly notices: readonly string[];
}

/** Whether a file is in the format of Busbar; everything else is taken for a mosquitto.conf. */
export function isYaml(file: string): boolean {
  return /\.(ya?ml|json)$/i.test(file);
}

/**
 * Loads a configuration, with everything that it names.
 *
 * @throws {ConfigurationError} All that is wrong, a line each.
 */
export function loadConfiguration(source: ConfigurationSource): LoadedConfiguration {
  const { file } = source;
  const text = file === undefined ? '' : readText(file);
  return file === undefined || isYaml(file)
    ? fromYaml(text, file ?? 'busbar.yaml', source)
    : fromConf(text, file, source);
}

function fromYaml(
  text: string,
  file: string,
  { sets = [], environment = {}, ports = [] }: ConfigurationSource,
): LoadedConfiguration {
  if (ports.length > 0)
    throw new ConfigurationError(['--port is for a mosquitto.conf; say --set listeners[0].port=1883']);
  const raw = loadYaml(text, file, [...overridesOf(environment), ...sets.map(parseOverride)]);
  return finish(raw, checkSettings(raw.settings, raw.findPlace), path.dirname(file), []);
}

/** Overrides are in the words of a busbar.yaml, and change what the file has been translated to. */
function fromConf(text: string, file: string, source: ConfigurationSource): LoadedConfiguration {
  const { sets = [], environment = {}, ports = [] } = source;
  const draft = readConf(text, file);
  const translated = toConfiguration(draft, ports);
  if (draft.faults.length > 0) throw new ConfigurationError(draft.faults);
  const overrides = [...overridesOf(environment), ...sets.map(parseOverride)];
  const raw = overrides.length === 0 ? translated : loadYaml(JSON.stringify(translated.settings), file, overrides);
  const findPlace: RawSettings['findPlace'] = (at) => translated.findPlace(at) ?? raw.findPlace(at);
  // Mosquitto looks for relative files where it was started.
  return finish({ ...raw, findPlace }, checkSettings(raw.settings, findPlace), process.cwd(), draft.notices);
}

function finish(
  { findPlace }: RawSettings,
  configuration: Configuration,
  folder: string,
  notices: readonly string[],
): LoadedConfiguration {
  const read = readConfiguration(configuration, folder, findPlace);
  const all = [...notices, ...certificateNotices(read, findPlace, Date.now())];
  return { configuration, ...read, folder, notices: all };
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code = 'error' } = error as NodeJS.ErrnoException;
    throw new ConfigurationError([`${file} ${code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`}`]);
  }
}
