import assert from 'node:assert/strict';
import { utf8ByteLength } from '@busbar/codec';
import fc from 'fast-check';
import { test } from 'vitest';
import { identifierPrefixFault, makeClientIdentifier } from '../../src/entrance/client-identifier.ts';
import { VirtualBroker } from '../virtual-broker.ts';

test('a client may come back with the Client Identifier that it was assigned, whatever the limit [MQTT-3.2.2-16]', async () => {
  const broker = await VirtualBroker.start({ limits: { maximumClientIdentifierLength: 23 } });
  const first = broker.connectLasting('');
  const assigned = first.connack.properties.assignedClientIdentifier ?? assert.fail('no Client Identifier');
  first.disconnect();
  const again = broker.connectLasting(assigned);
  assert.equal(again.connack.reasonCode, 0);
  assert.equal(again.connack.sessionPresent, true);
});

test('a prefix that leaves no room for an identifier is refused, of the longest that does clients come back', async () => {
  const start = (length: number) =>
    VirtualBroker.start({
      limits: { maximumClientIdentifierLength: 40 },
      listeners: [{ transport: 'tcp', port: 0, assignedIdentifierPrefix: 'p'.repeat(length) }],
    });
  await assert.rejects(start(23), { code: 'invalid-listener', message: /expected at most 22 bytes/ });
  const prefix = 'p'.repeat(22);
  assert.equal(makeClientIdentifier(40, prefix).length, 40);
  assert.equal(identifierPrefixFault(prefix, 40), undefined);
});

test('property: an identifier with a prefix that may be is one that the wire can carry', () => {
  const prefixes = fc.string({ unit: 'binary', maxLength: 60 });
  fc.assert(
    fc.property(prefixes, fc.integer({ min: 23, max: 100 }), (prefix, maximumLength) => {
      fc.pre(identifierPrefixFault(prefix, maximumLength) === undefined);
      const byteLength = utf8ByteLength(makeClientIdentifier(maximumLength, prefix));
      assert.ok(byteLength > 0 && byteLength <= maximumLength);
    }),
  );
});
