import assert from 'node:assert/strict';
import { matchesTopicFilter } from '@busbar/protocol';
import fc from 'fast-check';
import { test } from 'vitest';
import { bindPattern, coversFilter, matchesPattern, parseTopicPattern } from '../../src/authorization/topic-pattern.ts';

const LEVELS = ['a', 'b', '', '$SYS', '+'];
const filter = fc
  .tuple(fc.array(fc.constantFrom(...LEVELS), { minLength: 1, maxLength: 4 }), fc.boolean())
  .map(([levels, hash]) => [...levels, ...(hash ? ['#'] : [])].join('/'))
  .filter((text) => text !== '');
const topic = fc
  .array(fc.constantFrom('a', 'b', '', '$SYS'), { minLength: 1, maxLength: 5 })
  .map((levels) => levels.join('/'))
  .filter((text) => text !== '');

test('a pattern matches as a Topic Filter does', () => {
  fc.assert(
    fc.property(filter, topic, (pattern, name) => {
      assert.equal(matchesPattern(pattern.split('/'), name.split('/')), matchesTopicFilter(pattern, name));
    }),
    { numRuns: 3000 },
  );
});

test('a filter that is covered matches nothing that the pattern does not', () => {
  fc.assert(
    fc.property(filter, filter, topic, (pattern, asked, name) => {
      if (!coversFilter(pattern.split('/'), asked.split('/'))) return;
      if (matchesTopicFilter(asked, name)) assert.ok(matchesTopicFilter(pattern, name), `${pattern} ${asked} ${name}`);
    }),
    { numRuns: 5000 },
  );
});

test('a pattern covers itself and every Topic Name in it', () => {
  fc.assert(
    fc.property(filter, topic, (pattern, name) => {
      assert.ok(coversFilter(pattern.split('/'), pattern.split('/')));
      if (matchesTopicFilter(pattern, name)) assert.ok(coversFilter(pattern.split('/'), name.split('/')));
    }),
  );
});

test('whatever its names are, a client gets no more topics of a pattern than one name has', () => {
  const name = fc.string({ unit: fc.constantFrom('a', 'b', '+', '#', '/', '%u', '%c', '$', '\u0000'), maxLength: 4 });
  fc.assert(
    fc.property(name, name, topic, (userName, clientIdentifier, topicName) => {
      for (const text of ['dev/%u/%c', 'a/%u/#', '%c', '%u/+', 'a%c/b']) {
        const pattern = parseTopicPattern(text);
        assert.ok(typeof pattern !== 'string');
        const levels = bindPattern(pattern, 'allow', { userName, clientIdentifier });
        if (levels === undefined) continue;
        assert.equal(levels.length, text.split('/').length);
        for (const [depth, level] of text.split('/').entries()) {
          if (!level.includes('%')) assert.equal(levels[depth], level);
          else assert.doesNotMatch(levels[depth] ?? '', /[+#]/);
        }
        if (matchesPattern(levels, topicName.split('/'))) assert.ok(matchesTopicFilter(levels.join('/'), topicName));
      }
    }),
  );
});

test('a denial is not escaped by a name, whatever is in it', () => {
  const name = fc.string({ unit: fc.constantFrom('a', 'b', '+', '#', '/'), minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(name, (clientIdentifier) => {
      const pattern = parseTopicPattern('dev/%c/secret');
      assert.ok(typeof pattern !== 'string');
      const levels = bindPattern(pattern, 'deny', { clientIdentifier });
      assert.ok(levels !== undefined);
      const asked = /[+#]/.test(clientIdentifier) ? 'x' : clientIdentifier;
      assert.ok(matchesPattern(levels, `dev/${asked}/secret`.split('/')));
    }),
  );
});
