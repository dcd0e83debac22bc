import { type Document, isMap, isNode, LineCounter, parseDocument, parse as parseYaml } from 'yaml';
import type { FindPlace } from './check-settings.ts';
import { keysAt } from './check-settings.ts';
import { ConfigurationError, formatPath, type Place, type SettingPath } from './place.ts';

/** Settings as they were written, not yet checked, and where each stands. */
export interface RawSettings {
  readonly settings: unknown;
  readonly findPlace: FindPlace;
}

/** A setting from outside of the file. */
export interface Override {
  readonly path: SettingPath;
  readonly value: unknown;
  readonly place: Place;
}

/** @throws {ConfigurationError} It is not YAML; all errors with their lines. */
export function loadYaml(text: string, file: string, overrides: readonly Override[] = []): RawSettings {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  if (document.errors.length > 0) {
    throw new ConfigurationError(
      document.errors.map(({ pos, message }) => {
        const { line } = lines.linePos(pos[0]);
        return `${file}:${line}: ${message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '')}`;
      }),
    );
  }
  const overridden = new Map(overrides.map(({ path, place }) => [formatPath(path), place]));
  for (const { path, value } of overrides) set(document, path, value);
  return {
    settings: document.toJS(),
    findPlace(path) {
      const override = overridden.get(formatPath(path));
      if (override !== undefined) return override;
      const offset = offsetOf(document, path);
      return offset === undefined ? undefined : { file, line: lines.linePos(offset).line };
    },
  };
}

function set(document: Document, path: SettingPath, value: unknown): void {
  if (document.contents === null) document.contents = document.createNode({}) as never;
  document.setIn([...path], document.createNode(value));
}

/** Where the name of a setting stands, or in a list its value. */
function offsetOf(document: Document, path: SettingPath): number | undefined {
  const last = path.at(-1);
  const parent =
    path.length === 0
      ? document.contents
      : path.length === 1
        ? document.contents
        : document.getIn(path.slice(0, -1), true);
  if (isMap(parent) && typeof last === 'string') {
    const pair = parent.items.find(({ key }) => isNode(key) && String(key) === last);
    return isNode(pair?.key) ? pair.key.range?.[0] : undefined;
  }
  const node = path.length === 0 ? document.contents : document.getIn([...path], true);
  return isNode(node) ? node.range?.[0] : undefined;
}

/** @param text `path=value`, such as `listeners[0].port=1884`. @throws {ConfigurationError} It is not. */
export function parseOverride(text: string): Override {
  const equals = text.indexOf('=');
  if (equals < 1) throw new ConfigurationError([`--set: expected path=value, '${text}' came`]);
  const path = text
    .slice(0, equals)
    .split(/[.[\]]+/)
    .filter((part) => part !== '')
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part));
  return { path, value: parseYaml(text.slice(equals + 1)), place: { file: `--set ${text.slice(0, equals)}`, line: 0 } };
}

const PREFIX = 'BUSBAR_';

/**
 * Settings from the environment: `BUSBAR_LIMITS_MAXIMUM_CONNECTIONS`, `BUSBAR_LISTENERS_0_PORT`. Variables that begin with
 * `BUSBAR_` and no section of the configuration are somebody else's.
 *
 * @throws {ConfigurationError} A variable names a setting that does not exist.
 */
export function overridesOf(environment: Readonly<Record<string, string | undefined>>): Override[] {
  const overrides: Override[] = [];
  const faults: string[] = [];
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith(PREFIX) || value === undefined) continue;
    const words = name.slice(PREFIX.length);
    if (!keysAt([]).some((key) => words === snake(key) || words.startsWith(`${snake(key)}_`))) continue;
    const path = pathOf(words, []);
    if (path === undefined) faults.push(`${name}: there is no such setting`);
    else overrides.push({ path, value: parseYaml(value), place: { file: name, line: 0 } });
  }
  if (faults.length > 0) throw new ConfigurationError(faults);
  return overrides;
}

/** Finds the setting that the words spell, by way of the schema: names hold several words each. */
function pathOf(words: string, path: SettingPath): SettingPath | undefined {
  if (words === '') return path;
  const index = /^(\d+)(?:_|$)/.exec(words);
  if (index !== null) return pathOf(words.slice(index[0].length), [...path, Number(index[1])]);
  for (const key of keysAt(path)) {
    const name = snake(key);
    if (words === name) return [...path, key];
    if (!words.startsWith(`${name}_`)) continue;
    const found = pathOf(words.slice(name.length + 1), [...path, key]);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** `maximumQoS` is `MAXIMUM_QOS`. */
function snake(key: string): string {
  return key
    .replace('QoS', 'Qos')
    .replace(/[A-Z]/g, (letter) => `_${letter}`)
    .toUpperCase();
}
