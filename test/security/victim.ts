import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type Broker, type BrokerOptions, createBroker } from '@busbar/broker';
import { type ConnectPacket, PacketType, PINGREQ, type ProtocolVersion, ReasonCode } from '@busbar/codec';
import { connectPacket, publishPacket, RawClient, subscribePacket } from '@busbar/testkit';
import { dialTcp } from '@busbar/transport';
import { onTestFinished } from 'vitest';
import { RecordingLog } from '../../packages/broker/test/recording-log.ts';

export const HOST = '127.0.0.1';
export const MIB = 1024 * 1024;

setFlagsFromString('--expose_gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Bytes that this process holds on to: heap and buffers, after everything else is thrown away. */
export function heldBytes(): number {
  collectGarbage();
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** A broker that is attacked over real sockets, with a client inside that must not notice. It ends with its test. */
export class Victim {
  readonly broker: Broker;
  readonly log: RecordingLog;
  readonly port: number;
  #witness: RawClient | undefined;

  private constructor(broker: Broker, log: RecordingLog) {
    this.broker = broker;
    this.log = log;
    this.port = broker.listeners[0]?.port ?? 0;
  }

  /** Starts it on a free port of the loopback address, unless told otherwise. */
  static async start(options: BrokerOptions = {}): Promise<Victim> {
    const log = new RecordingLog();
    const listeners = [{ host: HOST, port: 0 }];
    const broker = await createBroker({ listeners, systemTopicsInterval: 0, ...options, log });
    onTestFinished(() => broker.stop());
    return new Victim(broker, log);
  }

  /** Another client, which says only what it is told. */
  async dial(version: ProtocolVersion = 5, port = this.port): Promise<RawClient> {
    const client = new RawClient(await dialTcp({ host: HOST, port }), version);
    onTestFinished(() => client.transport.destroy());
    return client;
  }

  /** A client that is let in. */
  async connect(clientIdentifier: string, packet: Partial<ConnectPacket> = {}): Promise<RawClient> {
    const client = await this.dial(packet.protocolVersion ?? 5);
    client.send(connectPacket({ clientIdentifier, ...packet }));
    await client.expect({ type: PacketType.connack, reasonCode: ReasonCode.success });
    return client;
  }

  /** What a client is told that wants to come in. */
  async knock(clientIdentifier: string, packet: Partial<ConnectPacket> = {}): Promise<ReasonCode> {
    const client = await this.dial(packet.protocolVersion ?? 5);
    client.send(connectPacket({ clientIdentifier, ...packet }));
    const answer = await client.next();
    client.transport.destroy();
    assert.equal(answer.type, PacketType.connack);
    return answer.type === PacketType.connack ? answer.reasonCode : ReasonCode.unspecifiedError;
  }

  /** Sockets that say nothing yet. */
  async sockets(count: number, port = this.port): Promise<Socket[]> {
    const sockets: Socket[] = [];
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
    });
    while (sockets.length < count) {
      const some = Array.from({ length: Math.min(200, count - sockets.length) }, () => socketTo(port));
      sockets.push(...(await Promise.all(some)));
    }
    return sockets;
  }

  /** Another client is served as if nothing had happened. @returns Milliseconds that it took. */
  async assertServed(): Promise<number> {
    const since = performance.now();
    this.#witness ??= await this.connect('witness', WITNESS);
    const witness = this.#witness;
    witness.send(subscribePacket(1, 'witness'), publishPacket('witness', 'well', { qos: 1, packetId: 2 }), PINGREQ);
    await witness.untilPackets(4);
    const types = witness.takeAll().map(({ type }) => type);
    const { suback, publish, puback, pingresp } = PacketType;
    assert.deepEqual(types.sort(), [suback, publish, puback, pingresp].sort());
    return performance.now() - since;
  }

  /** Waits for a state of the broker, asking it between turns. */
  async until(condition: (stats: ReturnType<Broker['stats']>) => boolean, what: string): Promise<void> {
    const deadline = performance.now() + 30_000;
    while (!condition(this.broker.stats())) {
      assert.ok(performance.now() < deadline, `expected ${what}; ${JSON.stringify(this.broker.stats())}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

/** The user that every victim with users lets in. */
export const WITNESS = { userName: 'witness', password: Buffer.from('well') };

function socketTo(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: HOST, noDelay: true });
    socket.once('connect', () => {
      socket.off('error', reject).on('error', () => {}); // it is cut off: that is what is tested
      resolve(socket.resume());
    });
    socket.once('error', reject);
  });
}

/** Resolves when all of them are closed. */
export function untilClosed(sockets: readonly Socket[]): Promise<unknown> {
  return Promise.all(
    sockets.map((socket) => (socket.closed ? undefined : new Promise((resolve) => socket.once('close', resolve)))),
  );
}
