import { expect, test } from 'vitest';
import { propertiesFor, propertyValue } from '../../src/mqtt/property-option.ts';

const { parse, words } = propertyValue('connect', 'publish', 'will');

function parseWords(...given: string[]) {
  return parse(JSON.stringify(given));
}

test('user-property has two values, every other property one', () => {
  expect(words?.(['publish', 'user-property', 'name', 'value'])).toBe(4);
  expect(words?.(['publish', 'User-Property', 'name', 'value'])).toBe(4);
  expect(words?.(['publish', 'content-type', 'text/plain'])).toBe(3);
});

test.each([
  [['publish', 'content-type', 'text/plain'], { contentType: 'text/plain' }],
  [['PUBLISH', 'Content-Type', 'text/plain'], { contentType: 'text/plain' }],
  [['publish', 'correlation-data', 'é'], { correlationData: Buffer.from('é') }],
  [['publish', 'payload-format-indicator', '1'], { payloadFormatIndicator: 1 }],
  [['publish', 'message-expiry-interval', '4294967295'], { messageExpiryInterval: 4_294_967_295 }],
  [['publish', 'user-property', 'name', 'value'], { userProperties: [['name', 'value']] }],
  [['connect', 'receive-maximum', '10'], { receiveMaximum: 10 }],
  [['connect', 'request-problem-information', '0'], { requestProblemInformation: false }],
  [['will', 'will-delay-interval', '7'], { willDelayInterval: 7 }],
])('%j', (given, properties) => {
  expect(parseWords(...given)).toEqual({ command: given[0]?.toLowerCase(), properties });
});

test.each([
  [['puback', 'reason-string', 'x'], "expected connect, publish or will as the command, not 'puback'"],
  [['publish', 'will-delay-interval', '7'], /^expected a property of publish \(.*content-type.*\), not 'will-delay-/],
  [['publish', 'colour', 'red'], /^expected a property of publish .* not 'colour'$/],
  [['connect', 'receive-maximum', '0'], 'expected a whole number from 1 to 65535 for receive-maximum, not '],
  [['publish', 'payload-format-indicator', '2'], 'expected a whole number from 0 to 1 for'],
  [['publish', 'message-expiry-interval', 'soon'], "not 'soon'"],
])('%j is wrong', (given, line) => {
  expect(() => parseWords(...given)).toThrow(line);
});

test('properties for one packet come together, and the others stay out', () => {
  const options = [
    parseWords('publish', 'user-property', 'a', '1'),
    parseWords('connect', 'user-property', 'c', '3'),
    parseWords('publish', 'content-type', 'old'),
    parseWords('publish', 'user-property', 'b', '2'),
    parseWords('publish', 'content-type', 'new'),
  ];

  expect(propertiesFor('publish', options)).toEqual({
    userProperties: [
      ['a', '1'],
      ['b', '2'],
    ],
    contentType: 'new',
  });
  expect(propertiesFor('will', options)).toEqual({});
});
