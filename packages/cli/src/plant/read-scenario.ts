import type { DeviceDescription, OutageDescription, ReadingDescription, Scenario } from './scenario.ts';
import type { SignalDescription } from './signal.ts';
import { ScenarioError } from './signal-model.ts';

/** Names with values; which of them there are is what this file finds out. */
interface Values {
  readonly [name: string]: unknown;
  readonly name?: unknown;
  readonly topicRoot?: unknown;
  readonly stateTopic?: unknown;
  readonly signals?: unknown;
  readonly devices?: unknown;
  readonly count?: unknown;
  readonly parameters?: unknown;
  readonly readings?: unknown;
  readonly signal?: unknown;
  readonly while?: unknown;
  readonly kind?: unknown;
  readonly firstAfter?: unknown;
  readonly lasts?: unknown;
  readonly pause?: unknown;
}

/** What the fields of each kind of signal have to be: `signal` names another one. */
const KINDS: Readonly<Record<SignalDescription['kind'], Readonly<Record<string, Shape>>>> = {
  constant: { value: 'number' },
  walk: { mean: 'number', spread: 'number', seconds: 'number' },
  sine: { mean: 'number', amplitude: 'number', periodSeconds: 'number' },
  step: { values: 'numbers', seconds: 'number' },
  counter: { perSecond: 'number', initial: 'number?', wrapAt: 'number?' },
  lag: { of: 'signal', seconds: 'number', gain: 'number?', offset: 'number?' },
  sum: { of: 'signals' },
  integral: { perSecond: 'signal', gain: 'number?', initial: 'number?' },
  vessel: { outflow: 'signal', drain: 'number', fill: 'number', low: 'number', high: 'number', initial: 'number' },
  machine: { initial: 'text', states: 'states' },
  'by-state': { of: 'signal', values: 'map', otherwise: 'number' },
};
type Shape = 'number' | 'number?' | 'numbers' | 'text' | 'signal' | 'signals' | 'states' | 'map';

/**
 * Makes a scenario of what a YAML file says: devices are multiplied by `count` and `parameters`, `{name}` is replaced by the
 * parameter's value, and each device has signals of its own beside those that all share.
 *
 * @throws {ScenarioError} What is wrong, and where.
 */
export function readScenario(value: unknown): Scenario {
  const file = expectMap(value, 'the scenario');
  const signals: Record<string, SignalDescription> = {};
  const shared = readSignals(file.signals, 'signals');
  Object.assign(signals, shared);
  const devices = expectList(file.devices, 'devices').flatMap((each, at) => {
    const where = `devices[${at}]`;
    const template = expectMap(each, where);
    const own = readSignals(template.signals, `${where}.signals`);
    return combinations(template, where).map((parameters) => {
      const name = fill(expectText(template.name, `${where}.name`), parameters, `${where}.name`);
      const rename = (signal: string) => (Object.hasOwn(own, signal) ? `${name}.${signal}` : signal);
      for (const [signal, description] of Object.entries(own)) signals[rename(signal)] = renamed(description, rename);
      return readDevice(template, name, rename, where, (signal) => Object.hasOwn(signals, rename(signal)));
    });
  });
  const twice = devices.find(({ name }, at) => devices.findIndex((other) => other.name === name) !== at);
  if (twice !== undefined) throw new ScenarioError(`two devices are called '${twice.name}': use {n} or a parameter`);
  return {
    name: textOr(file.name, 'simulation', 'name'),
    topicRoot: textOr(file.topicRoot, 'simulation', 'topicRoot'),
    stateTopic: textOr(file.stateTopic, 'state', 'stateTopic'),
    signals,
    devices,
  };
}

/** Every combination of the parameters, `n` counting from 1. */
function combinations(template: Values, where: string): Readonly<Record<string, string>>[] {
  const count = template.count === undefined ? 1 : expectNumber(template.count, `${where}.count`);
  if (!Number.isInteger(count) || count < 1)
    throw new ScenarioError(`${where}.count: expected a whole number of at least 1`);
  const given = template.parameters === undefined ? {} : expectMap(template.parameters, `${where}.parameters`);
  let found: Record<string, string>[] = [{}];
  for (const [name, values] of Object.entries(given)) {
    const list = expectList(values, `${where}.parameters.${name}`);
    found = found.flatMap((each) => list.map((value) => ({ ...each, [name]: String(value) })));
  }
  return found.flatMap((each) => Array.from({ length: count }, (_, at) => ({ ...each, n: String(at + 1) })));
}

function fill(text: string, parameters: Readonly<Record<string, string>>, where: string): string {
  return text.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = parameters[name];
    if (value === undefined) throw new ScenarioError(`${where}: there is no parameter '${name}'`);
    return value;
  });
}

function readDevice(
  template: Values,
  name: string,
  rename: (signal: string) => string,
  where: string,
  isKnown: (signal: string) => boolean,
): DeviceDescription {
  const readings = expectList(template.readings, `${where}.readings`).map((each, at) =>
    readReading(expectMap(each, `${where}.readings[${at}]`), rename, `${where}.readings[${at}]`, isKnown),
  );
  const { outage } = template as { outage?: unknown };
  return { name, readings, ...(outage !== undefined && { outage: readOutage(outage, `${where}.outage`) }) };
}

function readReading(
  given: Values,
  rename: (signal: string) => string,
  where: string,
  isKnown: (signal: string) => boolean,
): ReadingDescription {
  const { every, qos = 0, retain = false, decimals, unit, payload = 'text', burst } = given as Record<string, unknown>;
  const name = expectText(given.name, `${where}.name`);
  const signal = textOr(given.signal, name, `${where}.signal`);
  if (!isKnown(signal)) throw new ScenarioError(`${where}.signal: there is no signal '${signal}'`);
  if (every !== 'change' && !(expectNumber(every, `${where}.every`) > 0)) {
    throw new ScenarioError(`${where}.every: expected seconds above 0, or change`);
  }
  if (qos !== 0 && qos !== 1 && qos !== 2) throw new ScenarioError(`${where}.qos: expected 0, 1 or 2`);
  if (payload !== 'text' && payload !== 'json') throw new ScenarioError(`${where}.payload: expected text or json`);
  const only = given.while === undefined ? undefined : rename(expectText(given.while, `${where}.while`));
  return {
    name,
    signal: rename(signal),
    every: every === 'change' ? every : Number(every),
    qos,
    retain: retain === true,
    payload,
    ...(only !== undefined && { while: only }),
    ...(decimals !== undefined && { decimals: expectNumber(decimals, `${where}.decimals`) }),
    ...(unit !== undefined && { unit: expectText(unit, `${where}.unit`) }),
    ...(burst !== undefined && { burst: expectNumber(burst, `${where}.burst`) }),
  };
}

function readOutage(value: unknown, where: string): OutageDescription {
  const given = expectMap(value, where);
  return {
    firstAfter: expectNumber(given.firstAfter, `${where}.firstAfter`),
    lasts: expectRange(given.lasts, `${where}.lasts`),
    pause: expectRange(given.pause, `${where}.pause`),
  };
}

function readSignals(value: unknown, where: string): Record<string, SignalDescription> {
  if (value === undefined) return {};
  const read = Object.entries(expectMap(value, where)).map(([name, each]): [string, SignalDescription] => [
    name,
    readSignal(expectMap(each, `${where}.${name}`), `${where}.${name}`),
  ]);
  return Object.fromEntries(read);
}

function readSignal(given: Values, where: string): SignalDescription {
  const kind = expectText(given.kind, `${where}.kind`);
  if (!Object.hasOwn(KINDS, kind)) {
    throw new ScenarioError(`${where}.kind: expected ${Object.keys(KINDS).join(', ')}, not '${kind}'`);
  }
  const fields = KINDS[kind as SignalDescription['kind']];
  for (const [name, shape] of Object.entries(fields)) checkField(given[name], shape, `${where}.${name}`);
  const stranger = Object.keys(given).find((name) => name !== 'kind' && !Object.hasOwn(fields, name));
  if (stranger !== undefined) {
    throw new ScenarioError(`${where}: a ${kind} has ${Object.keys(fields).join(', ')}, no '${stranger}'`);
  }
  return given as unknown as SignalDescription;
}

function checkField(value: unknown, shape: Shape, where: string): void {
  if (shape === 'number?' && value === undefined) return;
  if (shape === 'number' || shape === 'number?') expectNumber(value, where);
  else if (shape === 'numbers') for (const each of expectList(value, where)) expectNumber(each, where);
  else if (shape === 'signals') for (const each of expectList(value, where)) expectText(each, where);
  else if (shape === 'map') for (const each of Object.values(expectMap(value, where))) expectNumber(each, where);
  else if (shape === 'states')
    for (const [name, state] of Object.entries(expectMap(value, where))) checkState(state, `${where}.${name}`);
  else expectText(value, where);
}

function checkState(value: unknown, where: string): void {
  const { seconds, next } = expectMap(value, where) as { seconds?: unknown; next?: unknown };
  expectRange(seconds, `${where}.seconds`);
  for (const weight of Object.values(expectMap(next, `${where}.next`))) expectNumber(weight, `${where}.next`);
}

/** The signal with the names that it follows as they are among all signals. */
function renamed(description: SignalDescription, rename: (signal: string) => string): SignalDescription {
  switch (description.kind) {
    case 'lag':
    case 'by-state':
      return { ...description, of: rename(description.of) };
    case 'sum':
      return { ...description, of: description.of.map(rename) };
    case 'integral':
      return { ...description, perSecond: rename(description.perSecond) };
    case 'vessel':
      return { ...description, outflow: rename(description.outflow) };
    default:
      return description;
  }
}

function expectMap(value: unknown, where: string): Values {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Values;
  throw new ScenarioError(`${where}: expected names with values`);
}

function expectList(value: unknown, where: string): readonly unknown[] {
  if (Array.isArray(value) && value.length > 0) return value;
  throw new ScenarioError(`${where}: expected a list that is not empty`);
}

function expectText(value: unknown, where: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new ScenarioError(`${where}: expected text`);
}

function textOr(value: unknown, otherwise: string, where: string): string {
  return value === undefined ? otherwise : expectText(value, where);
}

function expectNumber(value: unknown, where: string): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new ScenarioError(`${where}: expected a number`);
}

function expectRange(value: unknown, where: string): readonly [from: number, to: number] {
  const [from, to] = expectList(value, where).map((each) => expectNumber(each, where));
  if (from !== undefined && to !== undefined && from <= to) return [from, to];
  throw new ScenarioError(`${where}: expected seconds from and to, such as [5, 10]`);
}
