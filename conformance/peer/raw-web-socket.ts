import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { Violation } from '../run/violation.ts';
import { bytesOf, u16 } from '../wire/bytes.ts';
import { FrameReader, type Frame as Packet } from '../wire/frame-reader.ts';
import { Inbox, PATIENCE_MS } from './inbox.ts';

/** Where a broker speaks WebSocket. */
export interface WebSocketEndpoint {
  readonly host: string;
  readonly port: number;
  readonly path: string;
}

/** The types of frames (RFC 6455, section 5.2). */
export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/**
 * A WebSocket client that sends any frames and cuts MQTT packets out of the binary frames that come (section 6). It reads no
 * packet: that they come, and in frames of which type, is all that the scenarios ask.
 */
export class RawWebSocket {
  /** What the server chose; undefined when it chose none. */
  readonly subprotocol: string | undefined;
  readonly #socket: Socket;
  readonly #packets = new FrameReader();
  readonly #inbox = new Inbox<Packet>(({ firstByte }) => `a packet 0x${firstByte.toString(16)}`);
  #bytes: Uint8Array;

  private constructor(socket: Socket, head: string, rest: Uint8Array) {
    this.#socket = socket;
    this.subprotocol = /^sec-websocket-protocol: *(.*?)\s*$/im.exec(head)?.[1];
    this.#bytes = new Uint8Array(0);
    this.#handleBytes(rest);
    socket.on('data', (chunk: Uint8Array) => this.#handleBytes(chunk));
    socket.on('close', () => this.#inbox.add({ kind: 'closed' }));
    socket.on('error', () => {});
  }

  /** Opens a WebSocket, offering these sub-protocols. @throws {Violation} The server does not answer with one. */
  static open({ host, port, path }: WebSocketEndpoint, subprotocols: string): Promise<RawWebSocket> {
    return new Promise((resolve, reject) => {
      let answer: Buffer = Buffer.alloc(0);
      const socket = connect(port, host, () => socket.write(handshake(`${host}:${port}`, path, subprotocols)));
      const fail = (came: string): void => {
        socket.destroy();
        reject(new Violation('HTTP 101', came));
      };
      socket.setTimeout(PATIENCE_MS, () => fail('nothing'));
      socket.once('error', (error) => fail(error.message));
      socket.on('data', function read(chunk: Buffer) {
        answer = Buffer.concat([answer, chunk]);
        const end = answer.indexOf('\r\n\r\n');
        if (end < 0) return;
        const head = answer.toString('latin1', 0, end);
        if (!head.startsWith('HTTP/1.1 101')) return fail(head.split('\r\n')[0] ?? '');
        socket.setTimeout(0);
        socket.removeAllListeners();
        resolve(new RawWebSocket(socket, head, answer.subarray(end + 4)));
      });
    });
  }

  /** Sends one frame. */
  send(opcode: number, payload: Uint8Array, isLast = true): void {
    const mask = randomBytes(4);
    const { length } = payload;
    const lengthBytes = length < 126 ? [0x80 | length] : [0x80 | 126, ...u16(length)];
    const masked = payload.map((byte, at) => byte ^ (mask[at % 4] ?? 0));
    this.#socket.write(bytesOf((isLast ? 0x80 : 0) | opcode, lengthBytes, mask, masked));
  }

  /** The next packet that came in binary frames. */
  async expectPacket(type: number): Promise<Packet> {
    const arrival = await this.#inbox.take(`a packet of type ${type}`, ({ kind }) => kind === 'packet');
    const came = arrival.kind === 'packet' ? arrival.packet.firstByte >> 4 : 0;
    if (arrival.kind !== 'packet' || came !== type) throw new Violation(`a packet of type ${type}`, `${came}`);
    return arrival.packet;
  }

  /** The server closes the connection and sends no packet before. */
  async expectEnd(): Promise<void> {
    const arrival = await this.#inbox.take('the end of the connection', () => true);
    if (arrival.kind === 'packet') throw new Violation('the end of the connection', 'a packet');
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #handleBytes(chunk: Uint8Array): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    try {
      for (let frame = this.#nextFrame(); frame !== undefined; frame = this.#nextFrame()) this.#handleFrame(frame);
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      this.#inbox.add({ kind: 'violation', violation: error });
    }
  }

  #handleFrame({ opcode, payload }: { opcode: number; payload: Uint8Array }): void {
    if (opcode === OPCODE.ping || opcode === OPCODE.pong) return;
    if (opcode === OPCODE.close) {
      this.#socket.end();
      return;
    }
    if (opcode === OPCODE.text) throw new Violation('binary frames [MQTT-6.0.0-1]', 'a text frame');
    for (const packet of this.#packets.push(payload)) this.#inbox.add({ kind: 'packet', packet });
  }

  #nextFrame(): { opcode: number; payload: Uint8Array } | undefined {
    const bytes = Buffer.from(this.#bytes);
    const [first = 0, second = 0] = bytes;
    if (bytes.length < 2) return undefined;
    const short = second & 0x7f;
    const start = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (bytes.length < start) return undefined;
    const length = short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
    if (bytes.length < start + length) return undefined;
    this.#bytes = bytes.subarray(start + length);
    return { opcode: first & 0x0f, payload: bytes.subarray(start, start + length) };
  }
}

function handshake(host: string, path: string, subprotocols: string): string {
  const key = randomBytes(16).toString('base64');
  return [
    `GET ${path} HTTP/1.1`,
    `Host: ${host}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${key}`,
    `Sec-WebSocket-Protocol: ${subprotocols}`,
    '\r\n',
  ].join('\r\n');
}
