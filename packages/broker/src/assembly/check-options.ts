import { UsageError } from '@busbar/codec';
import type { BrokerHooks } from '../hook/broker-hooks.ts';
import type { BrokerLog } from '../observe/log.ts';
import type { BrokerOptions } from './broker-options.ts';

const OPTIONS: Readonly<Record<keyof BrokerOptions, true>> = {
  listeners: true,
  authenticators: true,
  authenticate: true,
  allowAnonymous: true,
  authenticationMethods: true,
  authorization: true,
  sessionOwnership: true,
  login: true,
  limits: true,
  capabilities: true,
  durability: true,
  store: true,
  hooks: true,
  log: true,
  systemTopicsInterval: true,
  measuresTimes: true,
  watchesLoad: true,
  clock: true,
};

const HOOKS: Readonly<Record<Exclude<keyof BrokerHooks, 'name' | 'timeoutMs'>, true>> = {
  start: true,
  authenticate: true,
  connect: true,
  authorize: true,
  subscribe: true,
  publish: true,
  deliver: true,
  disconnect: true,
  drop: true,
  session: true,
  stop: true,
};

const LOG: readonly (keyof BrokerLog)[] = ['debug', 'info', 'warn', 'error'];
const LISTS = ['listeners', 'authenticators', 'authenticationMethods', 'durability', 'hooks'] as const;

/**
 * Checks what programs without types may say: an `authenticate` that is misspelt would let everybody in.
 *
 * @throws {UsageError} `unknown-option`, `option-invalid`: the message names the option, and those there are.
 */
export function checkOptions(options: BrokerOptions): void {
  const isUnknown = ([name, value]: [string, unknown]): boolean => value !== undefined && !Object.hasOwn(OPTIONS, name);
  const unknown = Object.entries(options).find(isUnknown);
  if (unknown !== undefined) throw unknownOption(unknown[0], OPTIONS);
  for (const name of LISTS) expect(options[name] === undefined || Array.isArray(options[name]), name, 'a list');
  const { authenticate, authenticators = [], hooks = [], log } = options;
  expect(authenticate === undefined || typeof authenticate === 'function', 'authenticate', 'a function');
  expect(
    authenticators.every((each) => typeof each?.authenticate === 'function'),
    'authenticators',
    'a list of objects with a name and a function authenticate',
  );
  expect(
    log === undefined || LOG.every((level) => typeof log?.[level] === 'function'),
    'log',
    `an object with the functions ${LOG.join(', ')}`,
  );
  hooks.forEach(checkHooks);
}

function checkHooks(hooks: BrokerHooks, at: number): void {
  const where = `hooks[${at}]`;
  expect(typeof hooks?.name === 'string' && hooks.name !== '', `${where}.name`, 'a text');
  const { timeoutMs = 1 } = hooks;
  expect(typeof timeoutMs === 'number' && timeoutMs > 0, `${where}.timeoutMs`, 'more than 0');
  const isUnknown = ([name, value]: [string, unknown]) => typeof value === 'function' && !Object.hasOwn(HOOKS, name);
  const unknown = Object.entries(hooks).find(isUnknown);
  if (unknown !== undefined) throw unknownOption(`${where}.${unknown[0]}`, HOOKS);
  for (const name of Object.keys(HOOKS) as (keyof typeof HOOKS)[]) {
    expect(hooks[name] === undefined || typeof hooks[name] === 'function', `${where}.${name}`, 'a function');
  }
}

function unknownOption(name: string, known: object): UsageError {
  const message = `the option ${name} does not exist; there are ${Object.keys(known).join(', ')}`;
  return new UsageError('unknown-option', message);
}

function expect(holds: boolean, name: string, what: string): void {
  if (!holds) throw new UsageError('option-invalid', `${name} must be ${what}`);
}
