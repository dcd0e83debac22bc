import { connect, createServer, type Socket } from 'node:net';
import { PacketSplitter, PacketType } from '@busbar/codec';
import { onTestFinished } from 'vitest';

/** What a proxy makes of the n-th PUBLISH to one client: what leaves in its place. */
export type Fault = (packet: Uint8Array, number: number) => readonly Uint8Array[];

/** Loses every n-th message. */
export function losing(every: number): Fault {
  return (packet, number) => (number % every === 0 ? [] : [packet]);
}

/** Sends every n-th message twice. */
export function duplicating(every: number): Fault {
  return (packet, number) => (number % every === 0 ? [packet, packet] : [packet]);
}

/** Sends every n-th message after the one that follows it. */
export function reordering(every: number): Fault {
  let held: Uint8Array | undefined;
  return (packet, number) => {
    if (number % every === 0) {
      held = packet;
      return [];
    }
    const packets = held === undefined ? [packet] : [packet, held];
    held = undefined;
    return packets;
  };
}

/** Hands everything on. */
export const honest: Fault = (packet) => [packet];

/**
 * Stands before a broker and spoils what it sends to its clients.
 *
 * @param stallMs How long a client waits for all that follows its tenth PUBACK.
 * @returns The port.
 */
export async function startFaultyProxy(brokerPort: number, faultOf: () => Fault, stallMs = 0): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const broker = connect(brokerPort, '127.0.0.1');
    for (const socket of [client, broker]) {
      sockets.add(socket.setNoDelay(true));
      socket.on('error', () => {});
    }
    client.on('data', (bytes) => broker.write(bytes)).on('close', () => broker.destroy());
    broker.on('data', spoil(client, faultOf(), stallMs)).on('close', () => client.destroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return address === null || typeof address === 'string' ? 0 : address.port;
}

function spoil(client: Socket, fault: Fault, stallMs: number): (bytes: Uint8Array) => void {
  const splitter = new PacketSplitter(1_000_000);
  let number = 0;
  let acknowledged = 0;
  return (bytes) => {
    splitter.push(bytes);
    while (splitter.next()) {
      const packet = Buffer.from(splitter.bytes.subarray(splitter.start, splitter.end));
      const type = (packet[0] ?? 0) >> 4;
      if (stallMs > 0 && type === PacketType.puback && ++acknowledged === 10) {
        client.cork();
        setTimeout(() => client.uncork(), stallMs);
      }
      for (const each of type === PacketType.publish ? fault(packet, ++number) : [packet]) client.write(each);
    }
  };
}
