import { type Document, isMap, isNode, isSeq, LineCounter, parseDocument, parse as parseYaml } from 'yaml';
import { nearestOf } from '../command/nearest.ts';
import type { FindPlace } from './check-settings.ts';
import { keysAt, kindsAt } from './check-settings.ts';
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
  for (const override of overrides) set(document, override, overrides.length);
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

/** @param most Entries that a list may grow by: what is further behind its end is a mistake. */
function set(document: Document, { path, value, place }: Override, most: number): void {
  if (document.contents === null) document.contents = document.createNode({}) as never;
  for (const [at, part] of path.entries()) {
    const list = document.getIn(path.slice(0, at), true);
    const length = isSeq(list) ? list.items.length : 0;
    if (typeof part === 'number' ? part < length + most : !isSeq(list)) continue;
    const name = formatPath(path.slice(0, at));
    throw new ConfigurationError([`${place.file}: there is no ${part} in ${name}, which has ${length}`]);
  }
  try {
    document.setIn([...path], document.createNode(value));
  } catch {
    throw new ConfigurationError([`${place.file}: there is no such setting`]);
  }
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
  return overrideOf(path, text.slice(equals + 1), { file: `--set ${text.slice(0, equals)}`, line: 0 });
}

/**
 * Text is text, whatever it looks like: a token may be all digits, or hold `#`. Only in quotes it is read as in the file, and where
 * it may be a list as well.
 *
 * @throws {ConfigurationError} It cannot be read.
 */
function overrideOf(path: SettingPath, text: string, place: Place): Override {
  const kinds = kindsAt(path);
  const isText = kinds.length > 0 && kinds.every((kind) => kind === 'string');
  if (isText && !/^(["']).*\1$/s.test(text)) return { path, value: text, place };
  try {
    const value = parseYaml(text);
    const mayStay = !kinds.includes('string') || typeof value === 'boolean' || Array.isArray(value);
    return { path, value: mayStay || isText ? value : text, place };
  } catch {
    // The value may be a secret, and is in the parser's words.
    throw new ConfigurationError([
      `${place.file}: the value is not understood; text with signs of YAML stands in quotes`,
    ]);
  }
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
    if (path === undefined) faults.push(`${name}: there is no such setting${hintOf(words)}`);
    else overrides.push(overrideOf(path, value, { file: name, line: 0 }));
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

/** The nearest spelling of a variable, by what of it is known. */
function hintOf(words: string): string {
  for (let end = words.lastIndexOf('_'); end > 0; end = words.lastIndexOf('_', end - 1)) {
    const path = pathOf(words.slice(0, end), []);
    if (path === undefined) continue;
    const near = nearestOf(words.slice(end + 1), keysAt(path).map(snake));
    if (near !== undefined) return `; did you mean ${PREFIX}${words.slice(0, end)}_${near}?`;
  }
  return '';
}

/** `maximumQoS` is `MAXIMUM_QOS`. */
function snake(key: string): string {
  return key
    .replace('QoS', 'Qos')
    .replace(/[A-Z]/g, (letter) => `_${letter}`)
    .toUpperCase();
}
