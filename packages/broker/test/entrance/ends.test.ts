import assert from 'node:assert/strict';
import { connectPacket, publishPacket } from '@busbar/testkit';
import { test } from 'vitest';
import { VirtualBroker } from '../virtual-broker.ts';

/** The names of the clients that the log has spoken of since the last call. */
const said = ({ log }: VirtualBroker) => log.take().map(({ fields: { client } }) => client);

test('who is refused is named as it says it is called, and who has not said so is not named', async () => {
  const broker = await VirtualBroker.start({ allowAnonymous: false });
  const refused = broker.raw(5);
  refused.send(connectPacket({ clientIdentifier: 'pump-7' }));
  broker.run();
  assert.equal(refused.isClosed, true);
  assert.deepEqual(said(broker), ['pump-7', 'pump-7']);
  broker.raw(5).send(publishPacket('t', 'x'));
  broker.run();
  assert.deepEqual(said(broker), [undefined]);
});
