import fc from 'fast-check';
import { assert, describe, test } from 'vitest';
import {
  countTopicLevels,
  DEFAULT_MAX_TOPIC_LEVELS,
  isValidTopicName,
  topicNameFault,
} from '../../src/topic/topic-name.ts';

describe('a Topic Name', () => {
  test('MQTT-4.7.3-1 is at least one character long (MQTT311-4.7.3-1)', () => {
    assert.equal(topicNameFault(''), 'Topic Name: expected at least one character, came none');
    assert.equal(topicNameFault(5 as never), 'Topic Name: expected a text, came number');
    assert.isTrue(isValidTopicName('a'));
    assert.isTrue(isValidTopicName('/'));
    assert.isTrue(isValidTopicName(' '));
  });

  test('MQTT-4.7.0-1 has no wildcard characters (MQTT311-4.7.1-1)', () => {
    for (const name of ['+', '#', 'a/+', 'a/#', 'a+', '#a', 'a/b#c']) assert.isFalse(isValidTopicName(name), name);
    assert.equal(topicNameFault('plant/#'), 'Topic Name: expected no wildcard character, came # at character 7');
  });

  test('MQTT-4.7.3-2 has no U+0000 (MQTT311-4.7.3-2)', () => {
    assert.equal(topicNameFault('a\0b'), 'Topic Name: expected no U+0000, came one at character 2');
    assert.isFalse(isValidTopicName('\0'));
  });

  test('MQTT-1.5.4-1 is well-formed Unicode (MQTT311-1.5.3-1)', () => {
    const fault = 'Topic Name: expected well-formed Unicode, came a lone surrogate at character 2';
    assert.equal(topicNameFault('a\ud800'), fault);
    assert.equal(topicNameFault('a\ud800b'), fault);
    assert.equal(topicNameFault('a\udc00b'), fault);
    assert.equal(topicNameFault('a\udc00\ud800'), fault);
    assert.isTrue(isValidTopicName('a\ud83c\udf7a'));
  });

  test('MQTT-4.7.3-3 is at most 65535 bytes long in UTF-8 (MQTT311-4.7.3-3)', () => {
    assert.isTrue(isValidTopicName('x'.repeat(65_535)));
    assert.equal(topicNameFault('x'.repeat(65_536)), 'Topic Name: expected at most 65535 bytes, came 65536');
    assert.isTrue(isValidTopicName('\u00e9'.repeat(32_767)));
    assert.isFalse(isValidTopicName('\u00e9'.repeat(32_768)));
    assert.isTrue(isValidTopicName('\u07ff'.repeat(32_767)));
    assert.isFalse(isValidTopicName('\u0800'.repeat(21_846)));
    assert.isTrue(isValidTopicName('\u20ac'.repeat(21_845)));
    assert.isFalse(isValidTopicName(`${'\u20ac'.repeat(21_845)}x`));
    assert.isTrue(isValidTopicName(`${'\u{1f37a}'.repeat(16_383)}xyz`));
    assert.isFalse(isValidTopicName('\u{1f37a}'.repeat(16_384)));
  });

  test('MQTT-1.5.4-3 keeps U+FEFF as a character like any other (MQTT311-1.5.3-3)', () => {
    assert.isTrue(isValidTopicName('\ufeffa'));
  });

  test('has at most as many levels as the limit says, by default 128', () => {
    const deep = '/'.repeat(DEFAULT_MAX_TOPIC_LEVELS);
    assert.equal(topicNameFault(deep), 'Topic Name: expected at most 128 levels, came 129');
    assert.isUndefined(topicNameFault(deep.slice(1)));
    assert.equal(topicNameFault('a/b/c', { maxLevels: 2 }), 'Topic Name: expected at most 2 levels, came 3');
    assert.isTrue(isValidTopicName(deep), 'the standard has no such limit');
  });

  test('is never quoted in the fault', () => {
    fc.assert(
      fc.property(fc.string(), (name) => {
        const secret = `\u2622${name}\u2622#`;
        const fault = topicNameFault(secret);
        assert.isDefined(fault);
        assert.notInclude(fault, '\u2622');
      }),
    );
  });

  test('is valid exactly when UTF-8 can carry it and it has neither wildcard nor U+0000', () => {
    const text = fc.string({ unit: fc.constantFrom('a', '/', '+', '#', '\0', '\ud83c', '\udf7a', '\u00e9', '$') });
    fc.assert(
      fc.property(text, (name) => {
        const isWellFormed = new TextDecoder().decode(new TextEncoder().encode(name)) === name;
        assert.equal(isValidTopicName(name), name !== '' && isWellFormed && !/[+#\0]/.test(name));
      }),
    );
  });

  test('levels are counted with the empty ones', () => {
    assert.deepEqual(['a', '/', 'a/b', '/a', 'a//b', '//'].map(countTopicLevels), [1, 2, 2, 2, 3, 3]);
  });
});
