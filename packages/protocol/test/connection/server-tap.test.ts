import assert from 'node:assert/strict';
import { type PacketSplitter, PacketType, packetTypeName } from '@busbar/codec';
import { publishPacket } from '@busbar/testkit';
import { test } from 'vitest';
import { ClientInput } from '../../src/connection/client-input.ts';
import { ServerHarness } from './server-harness.ts';

const PINGREQ = { type: PacketType.pingreq } as const;

function tapped(): { harness: ServerHarness; shown: string[]; show: (splitter: PacketSplitter) => void } {
  const shown: string[] = [];
  const show = ({ bytes, start, end }: PacketSplitter): void => {
    shown.push(`${packetTypeName((bytes[start] as number) >> 4)} ${end - start}`);
  };
  return { harness: new ServerHarness(5), shown, show };
}

test('packets are shown before they are read, until nobody looks any more', () => {
  const { harness, shown, show } = tapped();
  harness.connect();
  harness.machine.tap((splitter) => {
    show(splitter);
    shown.push(`read before: ${harness.published.length}`);
  });
  harness.receive(publishPacket('t', 'x'), PINGREQ);
  assert.deepEqual(shown, ['PUBLISH 7', 'read before: 0', 'PINGREQ 2', 'read before: 1']);
  harness.machine.tap(undefined);
  harness.receive(PINGREQ);
  assert.equal(shown.length, 4);
  assert.equal(harness.sent().length, 2);
});

test('the way of packets is that of all connections, unless somebody looks into this one', () => {
  const input = new ClientInput(1024);
  assert.equal(Object.hasOwn(input, 'next'), false);
  input.tap(() => {});
  assert.notEqual(input.next, ClientInput.prototype.next);
  input.tap(undefined);
  assert.equal(input.next, ClientInput.prototype.next);
  assert.equal(new ClientInput(1024).next, ClientInput.prototype.next);
});
