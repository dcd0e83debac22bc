import assert from 'node:assert/strict';
import { matchesTopicFilter } from '@busbar/protocol';
import fc from 'fast-check';
import { describe, test } from 'vitest';
import { parseAclFile } from '../../src/authorization/acl-file.ts';
import type { Identity } from '../../src/authorization/identity.ts';
import { type Action, describeVerdict } from '../../src/authorization/rule.ts';
import { decide, RuleSet } from '../../src/authorization/rule-set.ts';

function rulesOf(text: string, options = {}): RuleSet {
  const { rules, faults } = parseAclFile(text, 'acl', options);
  assert.deepEqual(faults, []);
  return new RuleSet(rules);
}

function ask(text: string, identity: Partial<Identity>, action: Action, topic: string): string {
  const verdict = decide(rulesOf(text).bind({ clientIdentifier: 'c', ...identity }), action, topic);
  const where = verdict.rule === undefined ? 'default' : String(verdict.rule.source.line);
  return `${verdict.isAllowed ? 'allow' : 'deny'} ${where}`;
}

const PLANT = `# the plant
topic read public/#

user filler
topic write plant/filler/#
topic deny plant/filler/secret
topic plant/both
user labeller
topic read plant/#
pattern write devices/%c/state
pattern read users/%u/#
`;

describe('parseAclFile', () => {
  test.each([
    ['anonymous clients read what stands before the first user', {}, 'receive', 'public/a', 'allow 2'],
    ['a user does not have what anonymous clients have', { userName: 'filler' }, 'receive', 'public/a', 'deny default'],
    ['write does not let read', { userName: 'filler' }, 'receive', 'plant/filler/a', 'deny default'],
    ['write lets publish', { userName: 'filler' }, 'publish', 'plant/filler/a', 'allow 5'],
    ['a denial goes before what stands above it', { userName: 'filler' }, 'publish', 'plant/filler/secret', 'deny 6'],
    ['no access type is readwrite', { userName: 'filler' }, 'receive', 'plant/both', 'allow 7'],
    [
      'patterns are for everybody',
      { userName: 'x', clientIdentifier: 'd1' },
      'publish',
      'devices/d1/state',
      'allow 10',
    ],
    [
      '%c is the own name alone',
      { userName: 'x', clientIdentifier: 'd1' },
      'publish',
      'devices/d2/state',
      'deny default',
    ],
    ['%u needs a user name', {}, 'receive', 'users//a', 'deny default'],
    ['everybody may subscribe to everything', {}, 'subscribe', '#', 'allow 0'],
    ['wildcards do not reach $SYS', { userName: 'labeller' }, 'receive', '$SYS/broker/uptime', 'deny default'],
  ] as const)('%s', (_name, identity, action, topic, expected) => {
    assert.equal(ask(PLANT, identity, action, topic), expected);
  });

  test('Windows line ends, a byte order mark, blanks and empty lines are no part of what is said', () => {
    const text = '\uFEFF# comment\r\n\r\n  topic   read   a b/c  \r\nuser  ann lee\t \r\ntopic write x\r\n';
    assert.equal(ask(text, {}, 'receive', 'a b/c'), 'allow 3');
    assert.equal(ask(text, { userName: 'ann lee' }, 'publish', 'x'), 'allow 5');
  });

  test('a user may have several sections', () => {
    const text = 'user a\ntopic read x\nuser b\ntopic read y\nuser a\ntopic read z\n';
    assert.equal(ask(text, { userName: 'a' }, 'receive', 'z'), 'allow 6');
    assert.equal(ask(text, { userName: 'b' }, 'receive', 'z'), 'deny default');
  });

  test('* in a user name is an ordinary character', () => {
    assert.equal(ask('user a*\ntopic write t\n', { userName: 'abc' }, 'publish', 't'), 'deny default');
    assert.equal(ask('user a*\ntopic write t\n', { userName: 'a*' }, 'publish', 't'), 'allow 2');
  });

  test('% in a topic that is no pattern is an ordinary character', () => {
    assert.equal(ask('topic write a/%c\n', {}, 'publish', 'a/c'), 'deny default');
    assert.equal(ask('topic write a/%c\n', {}, 'publish', 'a/%c'), 'allow 1');
  });

  test('all that is wrong is named with its line', () => {
    const { faults } = parseAclFile(
      'topic raed a/b\nuser\ntopic\nbogus x\ntopic read a/#/b\npattern read ok\n',
      'f.acl',
    );
    assert.deepEqual(
      faults.map(({ line, message }) => `${line}: ${message}`),
      [
        "1: expected read, write, readwrite or deny before the topic, 'raed' came",
        '2: expected a user name after user, none came',
        '3: expected an access type and a topic, none came',
        "4: expected topic, user, pattern or a comment (#), 'bogus' came",
        '5: Topic Filter: expected # as the last character, came at character 3',
      ],
    );
  });

  test('read may be told to say what may be subscribed to as well', () => {
    const rules = rulesOf('topic read a/#\n', { checkSubscribe: true }).bind({ clientIdentifier: 'c' });
    assert.equal(decide(rules, 'subscribe', 'a/+/c').isAllowed, true);
    assert.equal(decide(rules, 'subscribe', '$share/g/a/b').isAllowed, true);
    assert.equal(decide(rules, 'subscribe', '#').isAllowed, false);
    assert.equal(decide(rules, 'subscribe', '$share/g/#').isAllowed, false);
  });

  test('a verdict names file, line and rule', () => {
    const rules = rulesOf(PLANT).bind({ clientIdentifier: 'c', userName: 'filler' });
    const verdict = decide(rules, 'publish', 'plant/filler/secret');
    assert.equal(describeVerdict(verdict), 'acl:6 (topic deny plant/filler/secret)');
  });
});

describe('names that would be more than a name', () => {
  test.each(['+', '#', 'a/#', '+/b', 'd1/+'])('the client %j may do nothing by patterns', (clientIdentifier) => {
    const text = 'pattern readwrite dev/%c/x\npattern readwrite all/#\n';
    for (const topic of ['dev/d1/x', `dev/${clientIdentifier}/x`, 'all/a']) {
      assert.match(ask(text, { clientIdentifier }, 'receive', topic), /^deny/);
      assert.match(ask(text, { clientIdentifier: 'ok', userName: clientIdentifier }, 'receive', topic), /^deny/);
    }
  });

  test('a / in a name never reaches into the topics of another client', () => {
    const text = 'pattern readwrite dev/%c/#\n';
    assert.equal(ask(text, { clientIdentifier: 'd1/x' }, 'receive', 'dev/d1/x/y'), 'deny default');
  });

  test('a / in a name does not escape a denial', () => {
    const text = 'pattern deny dev/%c/secret\npattern readwrite dev/#\n';
    assert.equal(ask(text, { clientIdentifier: 'd1/x' }, 'publish', 'dev/d1/x/secret'), 'deny 1');
  });

  test('a placeholder in a name stays text', () => {
    const text = 'pattern write u/%u/%c\n';
    assert.equal(
      ask(text, { userName: '%c', clientIdentifier: 'victim' }, 'publish', 'u/victim/victim'),
      'deny default',
    );
    assert.equal(ask(text, { userName: '%c', clientIdentifier: 'victim' }, 'publish', 'u/%c/victim'), 'allow 1');
  });

  test('case and look-alikes are other names', () => {
    const text = 'user Ann\ntopic write t\n';
    for (const userName of ['ann', 'ANN', 'Ann ', 'An\u006e\u0301', 'A\u0430nn']) {
      assert.equal(ask(text, { userName }, 'publish', 't'), 'deny default');
    }
  });
});

describe('Mosquitto as a model', () => {
  const level = fc.constantFrom('a', 'b', 'ann', 'dev', '+', '%u', '%c', '$SYS');
  const filter = fc
    .tuple(fc.array(level, { minLength: 1, maxLength: 3 }), fc.boolean())
    .map(([levels, hash]) => [...levels, ...(hash ? ['#'] : [])].join('/'));
  const access = fc.constantFrom('read', 'write', 'readwrite', 'deny', '');
  const line = fc.oneof(
    fc.constantFrom('user ann', 'user dev', '# comment', ''),
    fc.tuple(fc.constantFrom('topic', 'pattern'), access, filter).map((words) => words.filter(Boolean).join(' ')),
  );
  const topic = fc
    .array(fc.constantFrom('a', 'b', 'ann', 'dev', '$SYS', '%u', ''), { minLength: 1, maxLength: 4 })
    .map((levels) => levels.join('/'))
    .filter((text) => text !== '');
  const name = fc.constantFrom('ann', 'dev', 'a', '+', '#', 'a+');

  test('a file decides as the naive reading of it does', () => {
    fc.assert(
      fc.property(
        fc.array(line, { maxLength: 12 }),
        fc.option(name, { nil: undefined }),
        name,
        fc.constantFrom('publish' as const, 'receive' as const),
        topic,
        (lines, userName, clientIdentifier, action, topicName) => {
          const rules = rulesOf(lines.join('\n')).bind({ userName, clientIdentifier });
          assert.equal(
            decide(rules, action, topicName).isAllowed,
            naive(lines, userName, clientIdentifier, action, topicName),
          );
        },
      ),
      { numRuns: 5000 },
    );
  });
});

/** What mosquitto.conf(5) says of acl_file, read line by line each time. */
function naive(
  lines: readonly string[],
  userName: string | undefined,
  clientIdentifier: string,
  action: 'publish' | 'receive',
  topicName: string,
): boolean {
  const own: [string, string][] = [];
  const patterns: [string, string][] = [];
  let section: string | undefined;
  for (const line of lines) {
    const words = line.split(' ');
    if (words[0] === 'user') section = words[1];
    if (words[0] !== 'topic' && words[0] !== 'pattern') continue;
    const entry: [string, string] =
      words.length === 2 ? ['readwrite', words[1] ?? ''] : [words[1] ?? '', words[2] ?? ''];
    if (words[0] === 'pattern') patterns.push(entry);
    else if (section === userName) own.push(entry);
  }
  const wanted = action === 'publish' ? 'write' : 'read';
  const verdictOf = (entries: [string, string][]): boolean | undefined => {
    const matching = entries.filter(([, filter]) => matchesTopicFilter(filter, topicName));
    if (matching.some(([access]) => access === 'deny')) return false;
    return matching.some(([access]) => access.includes(wanted)) ? true : undefined;
  };
  const byOwn = verdictOf(own);
  if (byOwn !== undefined) return byOwn;
  if (patterns.length > 0 && /[+#]/.test(`${userName ?? ''}${clientIdentifier}`)) return false;
  const filled = patterns.flatMap(([access, pattern]): [string, string][] => {
    if (pattern.includes('%u') && userName === undefined) return [];
    return [[access, pattern.replace(/%[uc]/g, (which) => (which === '%u' ? (userName ?? '') : clientIdentifier))]];
  });
  return verdictOf(filled) ?? false;
}
