import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type ConnectPacket,
  type Packet,
  PacketType,
  PINGREQ,
  type ProtocolVersion,
  packetTypeName,
} from '@busbar/codec';
import { connectPacket, findMosquitto, PeerProcess, publishPacket, RawClient } from '@busbar/testkit';
import { dialTcp, dialWebSocket, listenTcp } from '@busbar/transport';
import { vi } from 'vitest';

const HOST = '127.0.0.1';
const LAUNCHER = fileURLToPath(new URL('../../packages/cli/bin/busbar.js', import.meta.url));
const MOSQUITTO = findMosquitto() ?? '';

const taken = new Set<number>();

/** A port below those that the system gives to clients: many of them run meanwhile, and one would take it. */
async function unusedPort(): Promise<number> {
  for (;;) {
    const port = 12_000 + Math.floor(Math.random() * 20_000);
    if (taken.has(port)) continue;
    taken.add(port);
    const listener = await listenTcp({ host: HOST, port }, (transport) => transport.destroy()).catch(() => undefined);
    if (listener === undefined) continue;
    await listener.close();
    return port;
  }
}

/** Which of two brokers a scenario runs against. */
export type BrokerName = 'mosquitto' | 'busbar';

/** A broker that was started on a mosquitto.conf, as a scenario sees it. */
export class ConfiguredBroker {
  readonly name: BrokerName;
  readonly folder: string;
  /** Free ports: `$PORT`, `$PORT2`, `$PORT3` of the configuration. */
  readonly ports: readonly number[];
  #process: PeerProcess | undefined;
  readonly #clients: RawClient[] = [];

  private constructor(name: BrokerName, folder: string, ports: readonly number[]) {
    this.name = name;
    this.folder = folder;
    this.ports = ports;
  }

  static async make(name: BrokerName): Promise<ConfiguredBroker> {
    const ports = [await unusedPort(), await unusedPort(), await unusedPort()];
    return new ConfiguredBroker(name, mkdtempSync(path.join(tmpdir(), `busbar-${name}-`)), ports);
  }

  get port(): number {
    return this.ports[0] ?? 0;
  }

  /** Writes a file beside the configuration, with `$DIR`, `$PORT` and the like filled in. */
  write(name: string, text: string): string {
    const file = path.join(this.folder, name);
    writeFileSync(file, this.fill(text));
    return file;
  }

  fill(text: string): string {
    return text
      .replaceAll('$DIR', this.folder)
      .replace(/\$PORT([23]?)/g, (_, which) => String(this.ports[which === '' ? 0 : Number(which) - 1]));
  }

  /** Starts it. @returns Its exit code when it does not come up. */
  async start(args: readonly string[] = ['-c', '$DIR/mosquitto.conf'], port = this.port): Promise<number | undefined> {
    const filled = args.map((each) => this.fill(each));
    const command = this.name === 'mosquitto' ? [MOSQUITTO] : [process.execPath, LAUNCHER, 'broker'];
    const [program = '', ...own] = command;
    this.#process = new PeerProcess(program, [...own, ...filled], { cwd: this.folder, timeoutMs: 60_000 });
    const ended = this.#process.ended.then(({ exitCode }) => exitCode ?? -1);
    for (;;) {
      const socket = await dialTcp({ host: HOST, port }).catch(() => undefined);
      if (socket !== undefined) {
        socket.attach({ handleBytes() {}, handleClosed() {}, handleWritable() {} });
        socket.destroy();
        return undefined;
      }
      const code = await Promise.race([
        ended,
        new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), 30)),
      ]);
      if (code !== undefined) return code;
    }
  }

  /** What it has said. */
  get said(): string {
    return `${this.#process?.stdout ?? ''}${this.#process?.stderr ?? ''}`;
  }

  signal(signal: NodeJS.Signals): void {
    this.#process?.signal(signal);
  }

  async stop(): Promise<number> {
    for (const client of this.#clients.splice(0)) client.transport.destroy();
    await this.#process?.stop('SIGTERM');
    const end = await this.#process?.ended;
    return end?.exitCode ?? -1;
  }

  /** Ends it for good. */
  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async dial(version: ProtocolVersion = 4, port = this.port): Promise<RawClient> {
    const client = new RawClient(await dialTcp({ host: HOST, port }), version);
    this.#clients.push(client);
    return client;
  }

  /** A client, and what it was told. */
  async connect(packet: Partial<ConnectPacket> = {}, port = this.port): Promise<{ client: RawClient; told: string }> {
    const version = packet.protocolVersion ?? 4;
    const client = await this.dial(version, port);
    client.send(connectPacket({ protocolVersion: version, keepAlive: 60, ...packet }));
    await Promise.race([client.untilClosed(), client.untilPackets(1).catch(() => {})]);
    const answer = client.take();
    return { client, told: answer === undefined ? 'closed' : wordsOf(answer) };
  }

  /** What a client is told that connects so. */
  async knock(packet: Partial<ConnectPacket> = {}, port = this.port): Promise<string> {
    const { client, told } = await this.connect(packet, port);
    client.transport.destroy();
    return told;
  }

  /** A client that is in. */
  async enter(packet: Partial<ConnectPacket> = {}, port = this.port): Promise<RawClient> {
    const { client, told } = await this.connect(packet, port);
    assert.match(told, /^CONNACK 0/, `${this.name}: ${told}`);
    return client;
  }

  /** A client that is in, over WebSocket. */
  async enterWeb(packet: Partial<ConnectPacket>, webPath: string, port = this.port): Promise<RawClient> {
    // Its first listener may be there before this one.
    const dial = () => dialWebSocket({ url: `ws://${HOST}:${port}${webPath}` });
    const client = new RawClient(await vi.waitFor(dial, { timeout: 15_000 }), 4);
    this.#clients.push(client);
    client.send(connectPacket({ protocolVersion: 4, keepAlive: 60, ...packet }));
    assert.match(wordsOf(await client.next()), /^CONNACK 0/);
    return client;
  }

  /** Runs a tool of Mosquitto's against it. */
  async tool(name: string, args: readonly string[], port = this.port): Promise<{ exitCode: number; stdout: string }> {
    const place = args.includes('--unix') ? [] : ['-h', HOST, '-p', String(port)];
    const all = [...place, ...args.map((each) => this.fill(each))];
    const { exitCode = -1, stdout } = await new PeerProcess(name, all, { cwd: this.folder }).ended;
    return { exitCode, stdout };
  }
}

/** What has come, in words, when all that was sent has been answered. */
export async function answersTo(client: RawClient, ...what: (Packet | Uint8Array)[]): Promise<string[]> {
  client.send(...what, PINGREQ);
  const came: string[] = [];
  for (;;) {
    await Promise.race([client.untilClosed(), client.untilPackets(1).catch(() => {})]);
    const packet = client.take();
    if (packet === undefined) return [...came, 'closed'];
    if (packet.type === PacketType.pingresp) return came;
    came.push(wordsOf(packet));
  }
}

export function message(topicName: string, payload: string, qos: 0 | 1 | 2 = 0, retain = false): Packet {
  return publishPacket(topicName, payload, { qos, retain, packetId: qos === 0 ? 0 : 11 });
}

/** What of a packet clients depend on. */
function wordsOf(packet: Packet): string {
  const name = packetTypeName(packet.type);
  switch (packet.type) {
    case PacketType.connack: {
      const { assignedClientIdentifier: assigned, serverKeepAlive, retainAvailable, maximumQoS } = packet.properties;
      const told = { serverKeepAlive, retainAvailable, maximumQoS, prefix: assigned?.slice(0, 5) };
      const kept = Object.entries(told).filter(([, value]) => value !== undefined);
      return [
        `${name} ${packet.reasonCode}`,
        ...(packet.sessionPresent ? ['present'] : []),
        ...kept.map((each) => each.join('=')),
      ].join(' ');
    }
    case PacketType.publish: {
      const text = Buffer.from(packet.payload).toString();
      const shown = text.length > 40 ? `${text.length} bytes` : text;
      return `${name} ${packet.topicName} q${packet.qos}${packet.retain ? ' retained' : ''} ${shown}`;
    }
    case PacketType.suback:
      return `${name} ${packet.reasonCodes.join()}`;
    default:
      return 'reasonCode' in packet ? `${name} ${packet.reasonCode}` : name;
  }
}
