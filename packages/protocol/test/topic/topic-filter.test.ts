import fc from 'fast-check';
import { assert, describe, test } from 'vitest';
import { subscriptionFilterFault } from '../../src/topic/shared-subscription.ts';
import { hasWildcard, isValidTopicFilter, matchesTopicFilter, topicFilterFault } from '../../src/topic/topic-filter.ts';
import { isValidTopicName } from '../../src/topic/topic-name.ts';
import { topicFilter, topicName } from './arbitraries.ts';

function assertMatches(filter: string, names: readonly string[]): void {
  for (const name of names) assert.isTrue(matchesTopicFilter(filter, name), `${filter} matches ${name}`);
}

function assertMatchesNot(filter: string, names: readonly string[]): void {
  for (const name of names) assert.isFalse(matchesTopicFilter(filter, name), `${filter} does not match ${name}`);
}

describe('a Topic Filter', () => {
  test('MQTT-4.7.1-1 has # only as its last character, alone or behind a separator (MQTT311-4.7.1-2)', () => {
    for (const filter of ['#', '/#', 'sport/#', 'sport/tennis/#', '+/#'])
      assert.isTrue(isValidTopicFilter(filter), filter);
    for (const filter of ['sport/tennis#', 'sport/tennis/#/ranking', '#/', '##', '#/#', '+#', 'a/#b']) {
      assert.isFalse(isValidTopicFilter(filter), filter);
    }
    assert.equal(topicFilterFault('a/#/b'), 'Topic Filter: expected # as the last character, came at character 3');
    assert.equal(
      topicFilterFault('a#'),
      'Topic Filter: expected # to occupy an entire level, came with others at character 2',
    );
  });

  test('MQTT-4.7.1-2 has + only as an entire level, at any level and more than once (MQTT311-4.7.1-3)', () => {
    for (const filter of ['+', '+/tennis/#', 'sport/+/player1', '+/+', '/+', '+/']) {
      assert.isTrue(isValidTopicFilter(filter), filter);
    }
    for (const filter of ['sport+', '+sport', 'a/b+/c', '++', 'a/+b'])
      assert.isFalse(isValidTopicFilter(filter), filter);
    assert.equal(
      topicFilterFault('a/b+'),
      'Topic Filter: expected + to occupy an entire level, came with others at character 4',
    );
  });

  test('MQTT-4.7.3-1 MQTT-4.7.3-2 MQTT-4.7.3-3 keeps the rules of length and characters (MQTT311-4.7.3-1, -2, -3)', () => {
    assert.equal(topicFilterFault(''), 'Topic Filter: expected at least one character, came none');
    assert.equal(subscriptionFilterFault(['a'] as never), 'Topic Filter: expected a text, came object');
    assert.equal(topicFilterFault('a/\0'), 'Topic Filter: expected no U+0000, came one at character 3');
    assert.isTrue(isValidTopicFilter(`${'x'.repeat(65_533)}/+`));
    assert.isFalse(isValidTopicFilter(`${'x'.repeat(65_534)}/+`));
    assert.isFalse(isValidTopicFilter('+/\ud800'));
  });

  test('has at most as many levels as the limit says', () => {
    assert.equal(topicFilterFault('+/+/#', { maxLevels: 2 }), 'Topic Filter: expected at most 2 levels, came 3');
    assert.isUndefined(topicFilterFault('+/+/#', { maxLevels: 3 }));
    assert.isDefined(topicFilterFault(`${'+/'.repeat(128)}#`));
    assert.isTrue(isValidTopicFilter(`${'+/'.repeat(128)}#`), 'the standard has no such limit');
  });

  test('is every Topic Name, and without wildcard nothing else', () => {
    const text = fc.string({ unit: fc.constantFrom('a', '/', '+', '#', '\0', '\ud83c', '$') });
    fc.assert(
      fc.property(text, (filter) => {
        if (isValidTopicName(filter)) assert.isTrue(isValidTopicFilter(filter));
        if (isValidTopicFilter(filter)) assert.equal(isValidTopicName(filter), !hasWildcard(filter));
      }),
    );
  });
});

describe('matching', () => {
  test('MQTT-4.7.1-1 # matches the parent level and everything beneath (section 4.7.1.2)', () => {
    assertMatches('sport/tennis/player1/#', [
      'sport/tennis/player1',
      'sport/tennis/player1/ranking',
      'sport/tennis/player1/score/wimbledon',
    ]);
    assertMatches('sport/#', ['sport', 'sport/', 'sport/a/b']);
    assertMatchesNot('sport/#', ['sports', 'spor', 'other/sport', '/sport']);
    assertMatches('#', ['a', '/', '/a', 'a/b/c']);
    assertMatches('+/#', ['a', '/', 'a/b']);
    assertMatches('/#', ['/', '/a', '//']);
    assertMatchesNot('/#', ['a', 'a/']);
  });

  test('MQTT-4.7.1-2 + matches exactly one level, an empty one too (section 4.7.1.3)', () => {
    assertMatches('sport/tennis/+', ['sport/tennis/player1', 'sport/tennis/']);
    assertMatchesNot('sport/tennis/+', ['sport/tennis/player1/ranking', 'sport/tennis']);
    assertMatches('sport/+', ['sport/']);
    assertMatchesNot('sport/+', ['sport']);
    assertMatches('+/+', ['/finance']);
    assertMatches('/+', ['/finance']);
    assertMatchesNot('+', ['/finance']);
  });

  test('MQTT-4.7.2-1 a leading wildcard does not match Topic Names that start with $ (MQTT311-4.7.2-1)', () => {
    assertMatchesNot('#', ['$SYS', '$SYS/a', '$']);
    assertMatchesNot('+/monitor/Clients', ['$SYS/monitor/Clients']);
    assertMatchesNot('+', ['$SYS']);
    assertMatches('$SYS/#', ['$SYS', '$SYS/a/b']);
    assertMatches('$SYS/monitor/+', ['$SYS/monitor/Clients']);
    assertMatches('+/$a', ['b/$a']);
    assertMatches('a/#', ['a/$b']);
    assertMatches('#', ['/$a']);
  });

  test('MQTT-4.7.3-4 characters are compared as they are (MQTT311-4.7.3-4)', () => {
    assertMatchesNot('ACCOUNTS', ['Accounts']);
    assertMatchesNot('\u00e9', ['e\u0301']);
    assertMatchesNot('a/b', ['a/b/', '/a/b', 'a//b', 'a/b ']);
    assertMatches('Accounts payable', ['Accounts payable']);
    assertMatches('\ufeffa/+', ['\ufeffa/b']);
    assertMatchesNot('\ufeffa/+', ['a/b']);
  });

  test('agrees with a regular expression made of the filter', () => {
    fc.assert(
      fc.property(topicFilter, topicName, (filter, name) => {
        const body = filter
          .split('/')
          .map((level) => (level === '+' ? '[^/]*' : level.replaceAll('$', '\\$')))
          .join('/')
          .replace(/^#$/, '.*')
          .replace(/\/#$/, '(/.*)?');
        const isHidden = name.startsWith('$') && /^[+#]/.test(filter);
        assert.equal(matchesTopicFilter(filter, name), !isHidden && new RegExp(`^${body}$`).test(name));
      }),
      { numRuns: 2000 },
    );
  });
});
