import { createServer, type Server, type Socket } from 'node:net';

/** What the server says beside the plain acknowledgements. */
export interface Script {
  /** The CONNACK as hex; default: accepted, in the shape of the version that was asked for. */
  readonly connack?: string;
  /** The SUBACK's Reason Codes; default: what was asked for. */
  readonly subackCodes?: readonly number[];
  /** Packets as hex that follow the SUBACK. */
  readonly afterSubscribe?: readonly string[];
  /** Packets as hex that follow every PUBLISH, in place of its acknowledgement. */
  readonly afterPublish?: readonly string[];
  /** Says nothing to UNSUBSCRIBE: a client that ends on SUBACK would close with an answer unread, which may cost its DISCONNECT. */
  readonly ignoresUnsubscribe?: true;
  /** Cuts the connection, the first one only, when this packet type has come. */
  readonly cutAfter?: number;
}

/**
 * A server that writes down every byte that a client sends, and answers just enough to keep it going. It shares no code with
 * the codec: both sides of a comparison are read by it alike.
 */
export class RecordingServer {
  /** The packets of all connections in their order, as hex. */
  readonly packets: string[] = [];
  readonly #server: Server;
  readonly #script: Script;
  #hasCut = false;
  #open = 0;
  #wake: () => void = () => {};

  private constructor(server: Server, script: Script) {
    this.#server = server;
    this.#script = script;
    server.on('connection', (socket) => this.#serve(socket));
  }

  static async open(script: Script = {}): Promise<RecordingServer> {
    const server = createServer();
    const recording = new RecordingServer(server, script);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return recording;
  }

  close(): void {
    this.#server.close();
  }

  get port(): string {
    const address = this.#server.address();
    return typeof address === 'object' ? String(address?.port) : '';
  }

  /** Waits until every connection is closed, so that nothing is still on its way. */
  async quiet(): Promise<void> {
    while (this.#open > 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #serve(socket: Socket): void {
    this.#open += 1;
    socket.on('close', () => {
      this.#open -= 1;
      this.#wake();
    });
    let pending = Buffer.alloc(0);
    let version = 4;
    socket.on('error', () => {});
    socket.on('end', () => socket.end());
    socket.on('data', (chunk) => {
      pending = Buffer.concat([pending, chunk]);
      for (let packet = cut(pending); packet !== undefined; packet = cut(pending)) {
        pending = pending.subarray(packet.length);
        if (packet.readUInt8(0) >> 4 === 1)
          version = packet.readUInt8(bodyOf(packet) + 2 + packet.readUInt16BE(bodyOf(packet)));
        this.packets.push(packet.toString('hex'));
        this.#answer(socket, packet, version);
      }
    });
  }

  #answer(socket: Socket, packet: Buffer, version: number): void {
    const type = packet.readUInt8(0) >> 4;
    const isVersion5 = version === 5;
    const body = bodyOf(packet);
    const send = (hex: string) => socket.write(Buffer.from(hex, 'hex'));
    if (this.#script.cutAfter === type && !this.#hasCut) {
      this.#hasCut = true;
      socket.destroy();
      return;
    }
    if (type === 1) send(this.#script.connack ?? (isVersion5 ? '2003000000' : '20020000'));
    if (type === 3) this.#answerPublish(packet, send);
    if (type === 6) send(`7002${hexOf(packet, body, 2)}`);
    if (type === 8) {
      const codes = this.#script.subackCodes ?? requestedQos(packet, isVersion5);
      const rest = `${hexOf(packet, body, 2)}${isVersion5 ? '00' : ''}${Buffer.from(codes).toString('hex')}`;
      send(`90${(rest.length / 2).toString(16).padStart(2, '0')}${rest}`);
      for (const each of this.#script.afterSubscribe ?? []) send(each);
    }
    if (type === 10 && this.#script.ignoresUnsubscribe !== true)
      send(isVersion5 ? `b004${hexOf(packet, body, 2)}0000` : `b002${hexOf(packet, body, 2)}`);
    if (type === 5) send(`6202${hexOf(packet, body, 2)}`);
    if (type === 12) send('d000');
  }

  #answerPublish(packet: Buffer, send: (hex: string) => void): void {
    const { afterPublish } = this.#script;
    const qos = (packet.readUInt8(0) >> 1) & 3;
    const body = bodyOf(packet);
    const packetId = qos === 0 ? '' : hexOf(packet, body + 2 + packet.readUInt16BE(body), 2);
    if (afterPublish !== undefined) for (const each of afterPublish) send(each.replace('IIII', packetId));
    else if (qos === 1) send(`4002${packetId}`);
    else if (qos === 2) send(`5002${packetId}`);
  }
}

/** The first whole packet. */
function cut(bytes: Buffer): Buffer | undefined {
  let length = 0;
  for (let at = 1; at < Math.min(5, bytes.length); at++) {
    const byte = bytes.readUInt8(at);
    length += (byte & 127) * 128 ** (at - 1);
    if (byte < 128) return bytes.length >= at + 1 + length ? bytes.subarray(0, at + 1 + length) : undefined;
  }
  return undefined;
}

/** Where the variable header begins. */
function bodyOf(packet: Buffer): number {
  let at = 1;
  while (packet.readUInt8(at) >= 128) at += 1;
  return at + 1;
}

function hexOf(packet: Buffer, at: number, length: number): string {
  return packet.subarray(at, at + length).toString('hex');
}

function requestedQos(packet: Buffer, isVersion5: boolean): number[] {
  let at = bodyOf(packet) + 2;
  if (isVersion5) at += 1 + packet.readUInt8(at);
  const codes: number[] = [];
  while (at < packet.length) {
    at += 2 + packet.readUInt16BE(at);
    codes.push(packet.readUInt8(at) & 3);
    at += 1;
  }
  return codes;
}
