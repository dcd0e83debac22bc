import assert from 'node:assert/strict';
import { UsageError } from '@busbar/codec';
import { describe, test } from 'vitest';
import { Authorization, type AuthorizationOptions } from '../../src/authorization/authorization.ts';
import type { Identity } from '../../src/authorization/identity.ts';
import { type Action, describeVerdict } from '../../src/authorization/rule.ts';

const OPTIONS: AuthorizationOptions = {
  groups: { operators: ['anna', 'ben'] },
  places: [1, 2, 3, 4, 5, 6, 7, 8].map((line) => ({ file: 'busbar.yaml', line })),
  rules: [
    { deny: 'subscribe', topics: 'plant/+/secret/#', reason: 'nobody reads secrets' },
    { deny: 'publish', topics: ['plant/locked', 'plant/sealed'], users: 'ben', reasonCode: 0x97 },
    { allow: 'all', topics: 'plant/#', groups: 'operators' },
    { allow: ['publish', 'read'], topics: 'machines/%c/#', clients: 'm-*' },
    { allow: 'read', topics: 'sites/north/#', claims: { site: ['north', 'both'], level: 2 } },
    { allow: 'read', topics: 'public/#', anonymous: true },
    { allow: 'read', topics: 'staff/#', users: '*' },
  ],
};

function ask(identity: Partial<Identity>, action: Action, topic: string): string {
  const rights = new Authorization(OPTIONS).rightsOf({ clientIdentifier: 'c', ...identity });
  assert.ok(rights !== undefined);
  const { isAllowed, rule } = rights[action](topic);
  return `${isAllowed ? 'allow' : 'deny'} ${rule?.source.line ?? 'default'}`;
}

describe('rules as data', () => {
  test.each([
    ['a member of a group', { userName: 'anna' }, 'publish', 'plant/x', 'allow 3'],
    ['the first rule decides', { userName: 'ben' }, 'publish', 'plant/sealed', 'deny 2'],
    ['another user is not meant', { userName: 'anna' }, 'publish', 'plant/sealed', 'allow 3'],
    [
      'the group that an authenticator says',
      { userName: 'zoe', groups: ['operators'] },
      'publish',
      'plant/x',
      'allow 3',
    ],
    ['denying to subscribe denies to receive', { userName: 'anna' }, 'receive', 'plant/1/secret/key', 'deny 1'],
    ['and leaves publishing', { userName: 'anna' }, 'publish', 'plant/1/secret/key', 'allow 3'],
    [
      'a wider filter is granted, what comes is judged for itself',
      { userName: 'anna' },
      'subscribe',
      'plant/#',
      'allow 3',
    ],
    ['a client by its beginning', { clientIdentifier: 'm-7' }, 'publish', 'machines/m-7/state', 'allow 4'],
    ['and no other', { clientIdentifier: 'm-7' }, 'publish', 'machines/m-8/state', 'deny default'],
    ['claims, of which each must fit', { claims: { site: 'both', level: 2 } }, 'subscribe', 'sites/north/a', 'allow 5'],
    ['a claim that does not fit', { claims: { site: 'both', level: 3 } }, 'subscribe', 'sites/north/a', 'deny default'],
    [
      'a claim with several values',
      { claims: { site: ['x', 'north'], level: 2 } },
      'receive',
      'sites/north/a',
      'allow 5',
    ],
    ['what every object has is no claim', { claims: {} }, 'subscribe', 'sites/north/a', 'deny default'],
    ['clients without a user name', {}, 'subscribe', 'public/x', 'allow 6'],
    ['clients with any user name', { userName: 'zoe' }, 'receive', 'staff/x', 'allow 7'],
    ['and not those without', {}, 'receive', 'staff/x', 'deny default'],
    ['a Shared Subscription is its filter', { userName: 'zoe' }, 'subscribe', '$share/g/staff/x', 'allow 7'],
    ['a share name opens nothing', { userName: 'zoe' }, 'subscribe', '$share/staff/#', 'deny default'],
  ] as const)('%s', (_name, identity, action, topic, expected) => {
    assert.equal(ask(identity, action, topic), expected);
  });

  test('a token grants what no rule denies', () => {
    const permissions = { publish: ['up/%c', 'plant/1/secret/x'], subscribe: ['down/%c/#', 'plant/1/secret/x'] };
    assert.equal(ask({ permissions }, 'publish', 'up/c'), 'allow 0');
    assert.equal(ask({ permissions }, 'subscribe', 'down/c/1'), 'allow 0');
    assert.equal(ask({ permissions }, 'receive', 'down/c/1'), 'allow 0');
    assert.equal(ask({ permissions }, 'receive', 'down/d/1'), 'deny default');
    assert.equal(ask({ permissions }, 'receive', 'plant/1/secret/x'), 'deny 1');
  });

  test('a denial has the Reason Code and the words of its rule', () => {
    const authorization = new Authorization({ ...OPTIONS, saysWhy: true });
    const rights = authorization.rightsOf({ clientIdentifier: 'c', userName: 'ben' });
    assert.ok(rights !== undefined);
    const sealed = authorization.denialOf(rights.publish('plant/sealed'));
    assert.deepEqual([sealed.reasonCode, sealed.reason], [0x97, 'busbar.yaml:2 (deny publish plant/sealed)']);
    const secret = authorization.denialOf(rights.receive('plant/1/secret/a'));
    assert.deepEqual([secret.reasonCode, secret.reason], [0x87, 'nobody reads secrets']);
    const unknown = authorization.denialOf(rights.publish('elsewhere'));
    assert.deepEqual([unknown.reasonCode, unknown.reason], [0x87, 'no rule allows it']);
    assert.equal(describeVerdict(unknown.verdict), 'no rule allows it');
  });

  test('everything that is wrong is said at once', () => {
    const rules = [
      { allow: 'publish', deny: 'publish', topics: 'a/#/b' },
      { allow: 'write', topics: [] },
      { deny: 'publish', topics: 'x', reasonCode: 0x01, user: 'x' },
    ] as never;
    assert.throws(
      () => new Authorization({ rules }),
      (error: unknown) => {
        assert.ok(error instanceof UsageError);
        assert.equal(error.code, 'invalid-rule');
        assert.deepEqual(
          error.message.split('\n').map((line) => line.split(':').slice(0, 2).join(':')),
          [
            'rules[0]: allow',
            'rules[0]: topics',
            'rules[1]: allow',
            'rules[1]: topics',
            'rules[2]: user',
            'rules[2]: reasonCode',
          ],
        );
        return true;
      },
    );
  });

  test('rules of a listener are for its clients alone, and nobody else’s are for them', () => {
    const authorization = new Authorization({
      rules: [{ deny: 'publish', topics: 'never', listeners: 'north' }],
      listenerAclFiles: { north: { file: 'north', text: 'topic write n/#\n' }, open: 'none' },
      aclFile: { file: 'all', text: 'topic write a/#\ntopic write never\n' },
    });
    const may = (listener: string | undefined, topic: string) =>
      authorization.rightsOf({ clientIdentifier: 'c', listener })?.publish(topic).isAllowed;
    assert.deepEqual([may('north', 'n/1'), may('north', 'a/1'), may('north', 'never')], [true, false, false]);
    assert.deepEqual([may(undefined, 'n/1'), may(undefined, 'a/1'), may(undefined, 'never')], [false, true, true]);
    assert.deepEqual([may('open', 'x'), may('open', '$x/y')], [true, true]);
  });

  test('rules that are replaced hold at once; rules that are wrong change nothing', () => {
    const authorization = new Authorization({ rules: [{ allow: 'publish', topics: 'a' }] });
    const rights = authorization.rightsOf({ clientIdentifier: 'c' });
    assert.equal(rights?.publish('a').isAllowed, true);
    authorization.replace({ rules: [{ allow: 'publish', topics: 'b' }] });
    assert.equal(rights?.publish('a').isAllowed, false);
    assert.equal(rights?.publish('b').isAllowed, true);
    assert.throws(() => authorization.replace({ rules: [{ topics: 'b' }] }), UsageError);
    assert.equal(rights?.publish('b').isAllowed, true);
  });

  test('many more topics than are remembered are judged the same', () => {
    const authorization = new Authorization({ rules: [{ allow: 'publish', topics: '+/ok' }] });
    const rights = authorization.rightsOf({ clientIdentifier: 'c' });
    for (let round = 0; round < 2; round++) {
      for (let at = 0; at < 3000; at++) {
        assert.equal(rights?.publish(`${at}/ok`).isAllowed, true);
        assert.equal(rights?.publish(`${at}/no`).isAllowed, false);
      }
    }
  });
});
