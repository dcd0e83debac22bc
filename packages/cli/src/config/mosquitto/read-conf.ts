import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { nearestOf } from '../../command/nearest.ts';
import { formatPlace, type Place } from '../place.ts';
import { Draft } from './draft.ts';
import { findOption, MOSQUITTO_OPTIONS, type MosquittoOption } from './options.ts';
import { firstWord, text, WrongValue } from './value.ts';

const DEEPEST_INCLUDE = 10;

/** Reads a mosquitto.conf, and those that it includes, into a draft: options are checked each for itself, and all faults kept. */
export function readConf(content: string, file: string): Draft {
  const draft = new Draft();
  readLines(draft, content, file, 0);
  return draft;
}

function readLines(draft: Draft, content: string, file: string, depth: number): void {
  for (const [at, raw] of content
    .replace(/^\uFEFF/, '')
    .split('\n')
    .entries()) {
    const line = raw.trimEnd();
    if (line === '' || line.startsWith('#')) continue;
    const [, name = '', value = ''] = /^\s*(\S+)\s*(.*)$/s.exec(line) ?? [];
    const place = { file, line: at + 1 };
    if (name === 'include_dir') include(draft, value, place, depth);
    else apply(draft, name, value, place);
  }
}

function apply(draft: Draft, name: string, value: string, place: Place): void {
  const option = findOption(name);
  if (option === undefined) {
    const near = nearestOf(name, [...MOSQUITTO_OPTIONS.keys()]);
    draft.faults.push(
      `${formatPlace(place)}: there is no option ${name}${near === undefined ? '' : `; did you mean ${near}?`}`,
    );
    return;
  }
  if (option.treatment === 'refused') {
    if (option.harmless?.includes(firstWord(value)) !== true)
      draft.faults.push(`${formatPlace(place)}: ${name} is not supported: ${option.note}`);
    return;
  }
  try {
    keep(draft, name, option, option.read(value), place);
  } catch (error) {
    if (!(error instanceof WrongValue)) throw error;
    draft.faults.push(`${formatPlace(place)}: ${name}: ${error.message}`);
  }
}

function keep(draft: Draft, name: string, option: MosquittoOption, value: unknown, place: Place): void {
  if (option.treatment === 'noticed') {
    draft.notices.push(`${formatPlace(place)}: ${name} changes nothing: ${option.note}`);
    return;
  }
  const notice = option.noticeOf?.(value);
  if (notice !== undefined) draft.notices.push(`${formatPlace(place)}: this ${name} changes nothing: ${notice}`);
  if (name === 'per_listener_settings') {
    // Mosquitto asks for it before everything that it is about; so does this.
    if (draft.listeners.length > 0) throw new WrongValue('must stand before the first listener');
    const early = [...draft.values.keys()].find((each) => findOption(each)?.scope === 'security');
    if (value === true && early !== undefined)
      throw new WrongValue(`must stand before ${early}, which is about listeners`);
    draft.perListener = value === true;
    return;
  }
  if (name === 'listener') {
    draft.begin(place).values.set('listener', { value, place });
    return;
  }
  if (name === 'log_type' || name === 'log_dest' || name === 'websockets_origin') {
    const values = valuesFor(draft, option);
    const before = (values.get(name)?.value ?? []) as unknown[];
    values.set(name, { value: [...before, value], place });
    return;
  }
  const values = valuesFor(draft, option);
  const before = values.get(name);
  // As with Mosquitto: of two numbers or truths the last one counts, of two texts nobody knows which was meant.
  if (before !== undefined && option.read === text)
    throw new WrongValue(`stands in ${formatPlace(before.place)} already`);
  values.set(name, { value, place });
}

/** Below no `listener` line an option of a listener is about the one that `port` and `bind_address` make. */
function valuesFor(draft: Draft, { scope }: MosquittoOption): Map<string, { value: unknown; place: Place }> {
  const { current } = draft;
  if (current === undefined) return draft.values;
  return scope === 'listener' || (scope === 'security' && draft.perListener) ? current.values : draft.values;
}

function include(draft: Draft, folder: string, place: Place, depth: number): void {
  const base = path.resolve(path.dirname(place.file), folder);
  if (depth >= DEEPEST_INCLUDE) {
    draft.faults.push(`${formatPlace(place)}: include_dir: directories include each other`);
    return;
  }
  try {
    // Sorted as bytes, as Mosquitto does.
    const names = readdirSync(base)
      .filter((name) => name.endsWith('.conf'))
      .sort();
    for (const name of names)
      readLines(draft, readFileSync(path.join(base, name), 'utf8'), path.join(base, name), depth + 1);
  } catch (error) {
    const { code = String(error) } = error as NodeJS.ErrnoException;
    draft.faults.push(`${formatPlace(place)}: include_dir: ${base} cannot be read (${code})`);
  }
}
