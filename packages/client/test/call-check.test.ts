import assert from 'node:assert/strict';
import { describe, test } from 'vitest';
import { type Client, createClient } from '../src/index.ts';

const make = (options: unknown) => createClient('mqtt://server', options as object);
const client = make({}) as unknown as Record<keyof Client, (...values: unknown[]) => unknown>;
const nothing = () => {};

describe('an option that cannot be is told by name, with what was expected and what came', () => {
  test.each<[() => unknown, string]>([
    [() => make(null), 'options must be of type object, not null'],
    [() => make('c'), 'options must be of type object, not string'],
    [() => make({ protocolVersion: '5' }), "protocolVersion must be one of 3, 4, 5, not '5'"],
    [() => make({ topicAliases: -1 }), 'topicAliases must be a number from 0, not -1'],
    [() => make({ maximumInFlight: 0 }), 'maximumInFlight must be a number from 1, not 0'],
    [() => make({ connectTimeoutMs: Number.NaN }), 'connectTimeoutMs must be a number from 1, not NaN'],
    [() => make({ sessionExpiryInterval: '60' }), "sessionExpiryInterval must be a number from 0, not '60'"],
    [() => make({ onMessage: 5 }), 'onMessage must be of type function, not number'],
    [() => make({ prepare: {} }), 'prepare must be of type function, not object'],
    [() => make({ dial: true }), 'dial must be of type function, not boolean'],
    [() => make({ store: '/var/lib/x' }), 'store must be of type object, not string'],
    [() => make({ authentication: nothing }), 'authentication must be of type object, not function'],
    [() => make({ reconnect: true }), 'reconnect must be of type object, not boolean'],
    [() => make({ reconnect: { giveUp: 3 } }), 'reconnect.giveUp must be of type function, not number'],
    [() => make({ reconnect: { initialDelayMs: '5' } }), "reconnect.initialDelayMs must be a number from 0, not '5'"],
    [() => make({ queue: 5 }), 'queue must be of type object, not number'],
    [() => make({ queue: { policy: 'newest' } }), "queue.policy must be one of refuse, drop-oldest, not 'newest'"],
    [() => make({ queue: { qos0: 1 } }), 'queue.qos0 must be of type boolean, not number'],
    [() => client.subscribe('a', 5), 'options must be of type object, not number'],
    [() => client.subscribe('a', {}, 'x'), 'handler must be of type function, not string'],
    [
      () => client.subscribe('a', { acknowledge: 'never' }),
      "acknowledge must be one of handled, received, manual, not 'never'",
    ],
    [() => client.subscribe('a', { retainHandling: 3 }), 'retainHandling must be one of 0, 1, 2, not 3'],
    [() => client.subscribe('a', { concurrency: 0 }), 'concurrency must be a number from 1, not 0'],
    [() => client.respond('a', 5), 'respond needs a handler'],
    [() => client.respond('a', {}, 5), 'respond needs a handler'],
    [() => client.on('connected', 5), 'listener must be of type function, not number'],
  ])('%s', (call, message) => {
    assert.throws(call, { name: 'UsageError', code: 'option-invalid', message });
  });

  test('null is no option at all', async () => {
    await assert.rejects(async () => client.publish('a', 'x', null), { code: 'offline' });
  });

  test('an event that is none', () => {
    assert.throws(() => client.on('conected', nothing), {
      code: 'option-invalid',
      message: /^event must be one of connecting, connected, .* not 'conected'$/,
    });
  });

  test('User Properties that are no list of pairs', () => {
    for (const userProperties of [{ unit: 'bar' }, [{ unit: 'bar' }], 'unit']) {
      assert.throws(() => make({ properties: { userProperties } }), { code: 'list-expected' });
    }
  });
});
