import assert from 'node:assert/strict';
import {
  decodePacket,
  encodePacket,
  type Packet,
  PacketSplitter,
  type PacketType,
  type ProtocolVersion,
  packetTypeName,
} from '@busbar/codec';
import type { ByteTransport, TransportError, TransportReceiver } from '@busbar/transport';

type PatternOf<P extends Packet> = P extends Packet ? Pick<P, 'type'> & Partial<P> : never;

/** What of a packet a test cares about; the rest may be anything. */
export type PacketPattern = PatternOf<Packet>;

/** How long a packet or the end may take over real sockets before a test is told what is missing. */
const PATIENCE_MS = 15_000;

/**
 * A client without opinions, for tests: sends what it is told, well-formed or not, keeps every packet that comes, and answers
 * nothing by itself.
 *
 *     const client = new RawClient(await dialTcp({ host, port }), 5);
 *     client.send(connectPacket({ clientIdentifier: 'pump' }));
 *     await client.expect({ type: PacketType.connack, reasonCode: 0 });
 *
 * In virtual time nothing has to be awaited: {@link take} answers what has come.
 */
export class RawClient implements TransportReceiver {
  readonly transport: ByteTransport;
  readonly version: ProtocolVersion;
  /** Packets that came and have not been taken. */
  readonly packets: Packet[] = [];
  isClosed = false;
  error: TransportError | undefined;
  /** Called with each packet as it comes, which is kept all the same. */
  onPacket: ((packet: Packet) => void) | undefined;
  readonly #splitter = new PacketSplitter(Number.POSITIVE_INFINITY);
  #waiters: (() => void)[] = [];

  constructor(transport: ByteTransport, version: ProtocolVersion = 5) {
    this.transport = transport;
    this.version = version;
    transport.attach(this);
  }

  /** Sends packets, or bytes as they are, in one write. */
  send(...what: (Packet | Uint8Array)[]): void {
    const parts = what.map((each) => (each instanceof Uint8Array ? each : encodePacket(each, this.version)));
    this.transport.write(Buffer.concat(parts));
  }

  /** The next packet that has come, undefined when there is none. */
  take(): Packet | undefined {
    return this.packets.shift();
  }

  /** Everything that has come and was not taken. */
  takeAll(): Packet[] {
    return this.packets.splice(0);
  }

  /** Takes what has come and asserts that it is this, packet by packet. */
  expectNow(...patterns: PacketPattern[]): void {
    const came = this.takeAll();
    const names = `expected ${patterns.map(nameOf).join(', ') || 'nothing'}; came ${came.map(nameOf).join(', ') || 'nothing'}`;
    assert.equal(came.length, patterns.length, names);
    for (const [at, pattern] of patterns.entries()) assertMatches(came[at], pattern);
  }

  /** The next packet, as soon as it comes. Rejects when the connection ends before, or when it takes too long. */
  async next(): Promise<Packet> {
    await this.#until(() => this.packets.length > 0 || this.isClosed, 'a packet');
    return (
      this.packets.shift() ?? assert.fail(`expected a packet, the connection was closed: ${this.error ?? 'in order'}`)
    );
  }

  /** The next packet, which must have these properties. */
  async expect(pattern: PacketPattern): Promise<Packet> {
    const packet = await this.next();
    assertMatches(packet, pattern);
    return packet;
  }

  /** Resolves when the connection is over. */
  async untilClosed(): Promise<void> {
    await this.#until(() => this.isClosed, 'the end of the connection');
  }

  /** Resolves when so many packets have come that were not taken. */
  async untilPackets(count: number): Promise<void> {
    await this.#until(() => this.packets.length >= count || this.isClosed, `${count} packets`);
    assert.ok(this.packets.length >= count, `expected ${count} packets, ${this.packets.length} came before the end`);
  }

  handleBytes(bytes: Uint8Array): void {
    this.#splitter.push(new Uint8Array(bytes));
    while (this.#splitter.next()) {
      const { bytes: packet, start, bodyStart, end } = this.#splitter;
      const decoded = decodePacket(packet[start] as number, packet, bodyStart, end, this.version);
      this.packets.push(decoded);
      this.onPacket?.(decoded);
    }
    this.#wake();
  }

  handleWritable(): void {
    this.#wake();
  }

  handleClosed(error?: TransportError): void {
    this.isClosed = true;
    this.error = error;
    this.#wake();
  }

  async #until(condition: () => boolean, what: string): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    while (!condition()) {
      const isLate = await this.#untilWoken(deadline - performance.now());
      if (isLate && !condition()) assert.fail(`expected ${what} within ${PATIENCE_MS / 1000} s, it did not come`);
    }
  }

  #untilWoken(timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(true), Math.max(0, timeoutMs));
      this.#waiters.push(() => {
        clearTimeout(timer);
        resolve(false);
      });
    });
  }

  #wake(): void {
    for (const waiter of this.#waiters.splice(0)) waiter();
  }
}

function nameOf({ type }: { readonly type: PacketType }): string {
  return packetTypeName(type);
}

function assertMatches(packet: Packet | undefined, pattern: PacketPattern): void {
  assert.ok(packet !== undefined, `expected ${nameOf(pattern)}, nothing came`);
  if (packet.type !== pattern.type) {
    assert.fail(`expected ${nameOf(pattern)}, ${nameOf(packet)} came: ${JSON.stringify(packet)}`);
  }
  const actual: Record<string, unknown> = {};
  for (const name of Object.keys(pattern)) actual[name] = (packet as unknown as Record<string, unknown>)[name];
  assert.deepStrictEqual(actual, pattern, `in ${nameOf(pattern)}`);
}
