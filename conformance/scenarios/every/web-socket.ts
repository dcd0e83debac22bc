import { OPCODE } from '../../peer/raw-web-socket.ts';
import { shared, sharedChapter } from '../../run/scenario.ts';
import { expectEqual } from '../../run/violation.ts';
import { bytesOf } from '../../wire/bytes.ts';
import { connect, PINGREQ, publish, subscribe } from '../../wire/packet-writer.ts';

const CONNACK = 2;
const PUBLISH = 3;
const SUBACK = 9;
const PINGRESP = 13;

/** WebSocket as the Network Connection (section 6). That no frame of the server is one of text, the reader sees. */
export const webSocket = sharedChapter('6 WebSocket', [
  shared(
    'the server selects the sub-protocol mqtt and speaks MQTT in binary frames',
    { v5: '6.0.0-1 6.0.0-4', v4: '6.0-1' },
    async (t) => {
      for (const offered of ['mqtt', 'chat, mqtt']) {
        const socket = await t.openWebSocket(offered);
        expectEqual('the sub-protocol', socket.subprotocol, 'mqtt');
        socket.send(OPCODE.binary, connect({ version: t.version, clientId: t.newClientId() }));
        expectEqual('CONNACK with', (await socket.expectPacket(CONNACK)).body[1], 0);
        socket.send(OPCODE.binary, PINGREQ);
        await socket.expectPacket(PINGRESP);
      }
    },
    { versions: [5, 4] },
  ),
  shared(
    'packets may lie across frames and several in one, whole or continued',
    { v5: '6.0.0-2', v4: '6.0-1' },
    async (t) => {
      const { version } = t;
      const socket = await t.openWebSocket();
      const bytes = bytesOf(
        connect({ version, clientId: t.newClientId() }),
        subscribe({ version, packetId: 1, subscriptions: [{ filter: t.topic() }] }),
        publish({ version, topic: t.topic(), payload: 'cut' }),
        PINGREQ,
      );
      // Frames of three bytes, the first of every two continued by the second.
      for (let at = 0; at < bytes.length; at += 6) {
        socket.send(OPCODE.binary, bytes.subarray(at, at + 3), false);
        socket.send(OPCODE.continuation, bytes.subarray(at + 3, at + 6));
      }
      for (const type of [CONNACK, SUBACK, PUBLISH, PINGRESP]) await socket.expectPacket(type);
      socket.send(OPCODE.binary, bytesOf(...Array.from({ length: 50 }, () => PINGREQ)));
      for (let i = 0; i < 50; i++) await socket.expectPacket(PINGRESP);
    },
    { versions: [5, 4] },
  ),
  shared(
    'a text frame ends the connection',
    { v5: '6.0.0-1', v4: '6.0-1' },
    async (t) => {
      const early = await t.openWebSocket();
      early.send(OPCODE.text, connect({ version: t.version, clientId: t.newClientId() }));
      await early.expectEnd();
      const late = await t.openWebSocket();
      late.send(OPCODE.binary, connect({ version: t.version, clientId: t.newClientId() }));
      await late.expectPacket(CONNACK);
      late.send(OPCODE.text, PINGREQ);
      await late.expectEnd();
    },
    { versions: [5, 4] },
  ),
]);
