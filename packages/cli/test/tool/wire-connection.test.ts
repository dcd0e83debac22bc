import { PacketType } from '@busbar/codec';
import { expect, test } from 'vitest';
import { OutgoingMessages } from '../../src/tool/outgoing-messages.ts';
import { WireConnection, type WireOwner } from '../../src/tool/wire-connection.ts';

const CONNECT = {
  version: 4,
  clientIdentifier: 'reader',
  cleanStart: true,
  keepAlive: 60,
  userName: undefined,
  password: undefined,
  will: undefined,
  properties: new Uint8Array(),
} as const;

test.each(['disconnect', 'stop'] as const)('what comes after %s is not looked at, however much it is', (ending) => {
  let messages = 0;
  const owner: WireOwner = {
    write: () => {},
    log: () => {},
    handleConnack: () => {},
    handleMessage() {
      messages += 1;
      if (ending === 'stop') connection.stop();
      else connection.disconnect(0, new Uint8Array(), 0);
    },
    handlePublished: () => {},
    handleSuback: () => {},
    handleUnsuback: () => {},
    handleDisconnect: () => {},
    handleFault: (message) => expect.fail(message),
  };
  const connection = new WireConnection(CONNECT, owner, new OutgoingMessages(20));
  connection.open(0);
  connection.handleBytes(Uint8Array.of(PacketType.connack << 4, 2, 0, 0), 0);
  const publish = Uint8Array.of(0x30, 3, 0, 1, 0x61);
  for (let chunk = 0; chunk < 3; chunk += 1) connection.handleBytes(Uint8Array.of(...publish, ...publish), 0);
  expect(messages).toBe(1);
});
