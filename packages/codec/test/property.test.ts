import { PROPERTIES, type Properties } from '@busbar/codec';
import {
  companionsOf,
  hex,
  type PropertyRow,
  packetAround,
  propertyPlaces,
  propertyRows,
  variableByteInteger,
} from '@busbar/testkit';
import { assert, describe, test } from 'vitest';
import { decodeWhole, refusalOf } from './decode-whole.ts';

/** The first example of a property, as bytes. */
function example(row: PropertyRow): Uint8Array {
  const [bytes] = row.values[0] ?? [];
  if (bytes === undefined) throw new Error(`${row.title} has no example`);
  return Uint8Array.of(row.identifier, ...bytes);
}

test('the table of the codec is table 2-4', () => {
  const table = PROPERTIES.map(({ identifier, title, name }) => ({ identifier, title, name }));
  assert.deepEqual(
    table,
    propertyRows.map(({ identifier, title, name }) => ({ identifier, title, name })),
  );
  assert.equal(table.length, 27);
});

describe('section 2.2.2.2 a property where it may not stand is malformed', () => {
  for (const row of propertyRows) {
    for (const place of propertyPlaces.filter((each) => !row.places.includes(each))) {
      test(`${row.title} in ${place}`, () => {
        const [companions] = companionsOf(place, row.identifier);
        const bytes = packetAround(place, Uint8Array.of(...companions, ...example(row)));
        assert.equal(refusalOf(() => decodeWhole(bytes, 5)).code, 'malformed-packet');
      });
    }
  }
});

describe('a property given twice is a Protocol Error', () => {
  for (const row of propertyRows) {
    for (const place of row.places) {
      const mayRepeat =
        row.name === 'userProperties' || (row.name === 'subscriptionIdentifiers' && place === 'PUBLISH');
      const [companions] = companionsOf(place, row.identifier);
      const bytes = packetAround(place, Uint8Array.of(...companions, ...example(row), ...example(row)));
      if (mayRepeat) {
        test(`but for ${row.title} in ${place}`, () => {
          const packet = decodeWhole(bytes, 5) as { properties: Properties; will?: { properties: Properties } };
          const { properties } = place === 'Will Properties' && packet.will !== undefined ? packet.will : packet;
          assert.lengthOf(properties[row.name] as unknown[], 2);
        });
      } else {
        test(`${row.title} in ${place}`, () => {
          assert.equal(refusalOf(() => decodeWhole(bytes, 5)).code, 'protocol-error');
        });
      }
    }
  }
});

describe('a value out of range is a Protocol Error', () => {
  for (const row of propertyRows) {
    for (const place of row.refused.length > 0 ? row.places : []) {
      test(`${row.title} in ${place}`, () => {
        for (const [value, code] of row.refused) {
          const bytes = packetAround(place, Uint8Array.of(row.identifier, ...value));
          assert.equal(refusalOf(() => decodeWhole(bytes, 5)).code, code);
        }
      });
    }
  }
});

describe('section 2.2.2.1 a Property Length that does not fit is malformed', () => {
  for (const row of propertyRows) {
    for (const place of row.places) {
      test(`${row.title} in ${place}`, () => {
        const [companions] = companionsOf(place, row.identifier);
        const properties = Uint8Array.of(...companions, ...example(row));
        for (let length = companions.length + 1; length < properties.length; length++) {
          const cutOff = packetAround(place, properties.subarray(0, length));
          assert.equal(refusalOf(() => decodeWhole(cutOff, 5)).code, 'malformed-packet', `cut to ${length}`);
          const tooShort = packetAround(place, properties, variableByteInteger(length));
          assert.equal(refusalOf(() => decodeWhole(tooShort, 5)).code, 'malformed-packet', `announced as ${length}`);
        }
        const beyondTheEnd = packetAround(place, properties, variableByteInteger(properties.length + 300));
        assert.equal(refusalOf(() => decodeWhole(beyondTheEnd, 5)).code, 'malformed-packet');
        const notShortest = packetAround(place, properties, [properties.length | 0x80, 0x00]);
        assert.equal(refusalOf(() => decodeWhole(notShortest, 5)).code, 'malformed-packet');
      });
    }
  }
});

test('MQTT-1.5.7-1 both strings of a User Property are UTF-8', () => {
  for (const notation of [
    '26 00 01 ff 00 01 "v"',
    '26 00 01 "n" 00 01 ff',
    '26 00 01 00 00 01 "v"',
    '26 00 01 "n" 00 01 00',
  ]) {
    for (const place of propertyPlaces) {
      const bytes = packetAround(place, hex(notation));
      assert.equal(refusalOf(() => decodeWhole(bytes, 5)).code, 'malformed-packet');
    }
  }
});

test('MQTT-3.1.3-10 the order of User Properties stays, and a name may come again', () => {
  const properties = hex('26 00 01 "b" 00 01 "1" | 26 00 01 "a" 00 01 "2" | 26 00 01 "b" 00 01 "1"');
  const packet = decodeWhole(packetAround('UNSUBSCRIBE', properties), 5);
  assert.deepEqual('properties' in packet ? packet.properties : {}, {
    userProperties: [
      ['b', '1'],
      ['a', '2'],
      ['b', '1'],
    ],
  });
});

test('names that an object has of its own are ordinary names', () => {
  const packet = decodeWhole(packetAround('UNSUBSCRIBE', hex('26 00 09 "__proto__" 00 01 "x"')), 5);
  assert.deepEqual('properties' in packet ? packet.properties : {}, { userProperties: [['__proto__', 'x']] });
});
