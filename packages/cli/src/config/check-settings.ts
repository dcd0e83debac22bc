import type { z } from 'zod';
import { nearestOf } from '../command/nearest.ts';
import { ConfigurationError, formatPath, formatPlace, type Place, type SettingPath } from './place.ts';
import { CONFIGURATION, type Configuration } from './schema.ts';

/** Where a setting stands; `isKey` asks for its name rather than its value. */
export type FindPlace = (path: SettingPath) => Place | undefined;

type Issue = z.core.$ZodIssue;

/**
 * Checks settings against the schema.
 *
 * @throws {ConfigurationError} All that is wrong, a line each: place, setting, what was expected, what came, the nearest spelling.
 */
export function checkSettings(settings: unknown, findPlace: FindPlace): Configuration {
  const { data, error } = CONFIGURATION.safeParse(settings ?? {});
  if (error === undefined) return data;
  const found = error.issues.flatMap((issue) => faultsOf(issue, [], settings));
  const misspelt = new Set(found.map(({ meant }) => meant));
  // What is missing because it is misspelt is not missing.
  const faults = found.filter(({ path }) => !misspelt.has(formatPath(path)));
  const placed = faults.map(({ path, message }) => ({ place: placeOf(path, findPlace), message }));
  placed.sort((one, other) => (one.place?.line ?? 0) - (other.place?.line ?? 0));
  const lines = placed.map(({ place, message }) => `${place === undefined ? '' : `${formatPlace(place)}: `}${message}`);
  throw new ConfigurationError([...new Set(lines)]);
}

interface Fault {
  readonly path: SettingPath;
  readonly message: string;
  /** The setting that a misspelt name stands for. */
  readonly meant?: string | undefined;
  /** What it could have been. */
  readonly values?: readonly unknown[];
}

/** The place of a setting, or of the nearest one around it. */
function placeOf(path: SettingPath, findPlace: FindPlace): Place | undefined {
  for (let length = path.length; length >= 0; length--) {
    const place = findPlace(path.slice(0, length));
    if (place !== undefined) return place;
  }
  return undefined;
}

function faultsOf(issue: Issue, above: SettingPath, settings: unknown): Fault[] {
  const path = [...above, ...(issue.path as SettingPath)];
  const name = path.length === 0 ? 'the configuration' : formatPath(path);
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey(path, key));
    case 'invalid_union':
      return unionFaults(issue, path, settings);
    case 'invalid_value':
      return [wrongValue(path, issue.values, settings)];
    case 'too_small': {
      if (issue.origin === 'string') return [{ path, message: `${name} must not be empty` }];
      const bound = `at least ${issue.minimum}`;
      const must = issue.origin === 'array' ? `have ${bound}` : `be ${bound}, not ${shown(valueAt(settings, path))}`;
      return [{ path, message: `${name} must ${must}` }];
    }
    case 'too_big':
      return [{ path, message: `${name} must be at most ${issue.maximum}, not ${shown(valueAt(settings, path))}` }];
    case 'invalid_type': {
      const value = valueAt(settings, path);
      if (value === undefined)
        return [{ path, message: `${name} is missing: ${EXPECTED[issue.expected] ?? issue.expected}` }];
      return [{ path, message: `${name} must be ${EXPECTED[issue.expected] ?? issue.expected}, not ${shown(value)}` }];
    }
    default:
      return [{ path, message: `${name}: ${issue.message}` }];
  }
}

const EXPECTED: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  string: 'text',
  boolean: 'true or false',
  array: 'a list',
  object: 'settings with names',
  record: 'settings with names',
};

/** Of several forms, the faults of the one that is meant: the one with the fewest. */
function unionFaults(issue: Extract<Issue, { code: 'invalid_union' }>, path: SettingPath, settings: unknown): Fault[] {
  const forms = issue.errors.map((errors) => errors.flatMap((each) => faultsOf(each, path, settings)));
  const value = valueAt(settings, path);
  const values = forms.flatMap((faults) =>
    faults.length === 1 && faults[0]?.path.length === path.length ? faults : [],
  );
  if (typeof value !== 'object' && values.some((each) => each.values !== undefined)) {
    return [
      wrongValue(
        path,
        values.flatMap((each) => each.values ?? []),
        settings,
      ),
    ];
  }
  const isForm = (faults: readonly Fault[]) => faults.every((fault) => fault.path.length > path.length);
  const meant = forms
    .filter(isForm)
    .sort((one, other) => depthOf(other) - depthOf(one) || one.length - other.length)[0];
  if (meant !== undefined && typeof value === 'object') return meant;
  return [forms[0]?.[0] ?? { path, message: `${formatPath(path)} is not understood` }];
}

function depthOf(faults: readonly Fault[]): number {
  return Math.max(0, ...faults.map(({ path }) => path.length));
}

function wrongValue(path: SettingPath, values: readonly unknown[], settings: unknown): Fault {
  const value = valueAt(settings, path);
  const message = `${formatPath(path)} must be ${listOf(values)}, not ${shown(value)}${nearest(values, value)}`;
  return { path, message, values };
}

function unknownKey(path: SettingPath, key: string): Fault {
  const known = keysAt(path);
  const near = nearestOf(key, known);
  const list = known.length > 0 ? `; there are ${known.join(', ')}` : '';
  const hint = near === undefined ? list : `; did you mean ${near}?`;
  const message = `there is no setting ${formatPath([...path, key])}${hint}`;
  const meant = near === undefined ? undefined : formatPath([...path, near]);
  return { path: [...path, key], message, meant };
}

/** The names that are known at a path of the schema. */
export function keysAt(path: SettingPath): string[] {
  return [...new Set(schemasAt(path).flatMap((schema) => Object.keys(shapeOf(schema))))];
}

/** What may be at a path of the schema, such as `string`; none where there is no such setting. */
export function kindsAt(path: SettingPath): string[] {
  return [...new Set(schemasAt(path).map((schema) => schema.def.type))];
}

function schemasAt(path: SettingPath): z.ZodType[] {
  let schemas: z.ZodType[] = [CONFIGURATION];
  for (const part of path) {
    schemas = schemas.flatMap((schema) => childrenOf(schema, part)).flatMap(unwrapped);
  }
  return schemas;
}

export function unwrapped(schema: z.ZodType): z.ZodType[] {
  const { def } = schema as unknown as { def: { type: string; innerType?: z.ZodType; options?: z.ZodType[] } };
  if (def.type === 'optional' && def.innerType !== undefined) return unwrapped(def.innerType);
  if (def.type === 'union') return (def.options ?? []).flatMap(unwrapped);
  return [schema];
}

export function shapeOf(schema: z.ZodType): Readonly<Record<string, z.ZodType>> {
  return (schema as unknown as { shape?: Record<string, z.ZodType> }).shape ?? {};
}

function childrenOf(schema: z.ZodType, part: string | number): z.ZodType[] {
  const { def } = schema as unknown as { def: { element?: z.ZodType; valueType?: z.ZodType } };
  if (typeof part === 'number') return def.element === undefined ? [] : [def.element];
  const shape = shapeOf(schema);
  const child = Object.hasOwn(shape, part) ? shape[part] : def.valueType;
  return child === undefined ? [] : [child];
}

function valueAt(settings: unknown, path: SettingPath): unknown {
  let value = settings;
  for (const part of path) value = Object(value)[part];
  return value;
}

function listOf(values: readonly unknown[]): string {
  const words = values.map(String);
  return [words.slice(0, -1).join(', '), ...words.slice(-1)].filter(Boolean).join(' or ');
}

function nearest(values: readonly unknown[], value: unknown): string {
  const near = typeof value === 'string' ? nearestOf(value, values.map(String)) : undefined;
  return near === undefined ? '' : `; did you mean ${near}?`;
}

function shown(value: unknown): string {
  if (value === null) return 'nothing';
  if (typeof value === 'string') return `'${value}'`;
  return typeof value === 'object' ? (Array.isArray(value) ? 'a list' : 'settings') : String(value);
}
