import { connect } from 'node:net';
import { encodePacket, PacketSplitter, PacketType } from '@busbar/codec';

/** Messages under way to the receiving client, which a broker need not queue for long, let alone drop. */
const MOST_UNDER_WAY = 3_000;
const TRAIN = 50;
const LARGEST_PACKET_ID = 65_500;
const DISCONNECT = Buffer.of(0xe0, 0);

/**
 * Publishes so many messages for a client that receives them, in packets that are encoded once, no faster than it takes them.
 *
 * @param {{ url: string, qos: 0 | 1, count: number, topicName: string }} job
 * @param {{ received: number, handleProgress: () => void }} client How far it is; its `handleProgress` is set here.
 * @returns {Promise<void>} Resolves when all are published.
 */
export function feed({ url, qos, count, topicName }, client) {
  const socket = connect(Number(new URL(url).port), new URL(url).hostname);
  const splitter = new PacketSplitter(1_000_000);
  const { bytes, packetSize, packetIdAt } = makeTrain(topicName, qos);
  let sent = 0;
  let acknowledged = 0;
  let isConnected = false;
  const underWay = () => sent - (qos === 0 ? client.received : Math.min(client.received, acknowledged));
  const send = () => {
    while (isConnected && sent < count && !socket.writableNeedDrain && underWay() <= MOST_UNDER_WAY - TRAIN) {
      const packets = Math.min(TRAIN, count - sent);
      const train = Buffer.from(bytes.subarray(0, packets * packetSize));
      for (let at = 0; qos > 0 && at < packets; at++) {
        train.writeUInt16BE(((sent + at) % LARGEST_PACKET_ID) + 1, at * packetSize + packetIdAt);
      }
      socket.write(train);
      sent += packets;
    }
    const isDone = sent === count && (qos === 0 || acknowledged === count);
    if (isDone && !socket.writableEnded) socket.end(DISCONNECT);
  };
  client.handleProgress = send;
  socket.setNoDelay(true).write(encodePacket(connectPacket(), 4));
  socket.on('drain', send).on('data', (chunk) => {
    splitter.push(chunk);
    while (splitter.next()) {
      const type = splitter.bytes[splitter.start] >> 4;
      if (type === PacketType.connack) isConnected = true;
      if (type === PacketType.puback) acknowledged++;
    }
    send();
  });
  return new Promise((resolve, reject) => {
    socket.on('error', reject).on('close', () => {
      if (sent === count) resolve();
      else reject(new Error(`the broker closed the feeding connection after ${sent} messages`));
    });
  });
}

function makeTrain(topicName, qos) {
  const message = { dup: false, qos, retain: false, topicName, packetId: qos === 0 ? 0 : 1, properties: {} };
  const packet = encodePacket({ type: PacketType.publish, ...message, payload: Buffer.alloc(64, 'x') }, 4);
  const bytes = Buffer.concat(Array.from({ length: TRAIN }, () => packet));
  // First byte, one byte of Remaining Length, two of the topic's length, the topic.
  return { bytes, packetSize: packet.length, packetIdAt: 4 + topicName.length };
}

function connectPacket() {
  return {
    type: PacketType.connect,
    ...{ protocolVersion: 4, bridge: false, cleanStart: true, keepAlive: 0, clientIdentifier: `feeder${process.pid}` },
    ...{ will: undefined, userName: undefined, password: undefined, properties: {} },
  };
}
