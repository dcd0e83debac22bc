import assert from 'node:assert/strict';
import { test } from 'vitest';
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
