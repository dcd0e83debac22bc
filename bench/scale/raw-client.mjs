import net from 'node:net';
import { decodePacket, encodePacket, PacketSplitter, PacketType } from '@busbar/codec';

/** A connection that costs the load next to nothing: packets out as bytes, packets in counted, or decoded when asked for. */
export class RawClient {
  #socket;
  #splitter = new PacketSplitter(Number.POSITIVE_INFINITY);
  /** @type {((type: number, decode: () => any) => void)} */
  onPacket = () => {};

  /** @param {net.Socket} socket */
  constructor(socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => this.#read(chunk));
    socket.on('error', () => {});
  }

  /**
   * @param {number} port
   * @param {object} connect Fields of the CONNECT packet.
   * @param {(client: RawClient) => void} prepare Before anything can come.
   */
  static async connect(port, connect = {}, prepare = () => {}) {
    const socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    const client = new RawClient(socket);
    prepare(client);
    const answered = client.next(PacketType.connack);
    client.send({
      type: PacketType.connect,
      protocolVersion: 5,
      clientIdentifier: '',
      cleanStart: true,
      keepAlive: 0,
      will: undefined,
      userName: undefined,
      password: undefined,
      properties: {},
      ...connect,
    });
    await answered;
    return client;
  }

  /** @param {any} packet */
  send(packet) {
    this.#socket.write(encodePacket(packet, 5));
  }

  /** @param {Uint8Array} bytes @returns Resolves when the socket takes more. */
  async write(bytes) {
    if (!this.#socket.write(bytes)) await new Promise((resolve) => this.#socket.once('drain', resolve));
  }

  /** The next packet of a type. @param {number} type */
  next(type) {
    return new Promise((resolve) => {
      const former = this.onPacket;
      this.onPacket = (came, decode) => {
        former(came, decode);
        if (came !== type) return;
        this.onPacket = former;
        resolve(decode());
      };
    });
  }

  /** So many packets of a type have come. @param {number} type @param {number} count */
  count(type, count) {
    return new Promise((resolve) => {
      let seen = 0;
      this.onPacket = (came) => {
        if (came === type && ++seen === count) resolve(undefined);
      };
    });
  }

  pause() {
    this.#socket.pause();
  }

  destroy() {
    this.#socket.destroy();
  }

  #read(chunk) {
    const splitter = this.#splitter;
    splitter.push(chunk);
    while (splitter.next()) {
      const { bytes, start, bodyStart, end } = splitter;
      this.onPacket((bytes[start] ?? 0) >> 4, () => decodePacket(bytes[start] ?? 0, bytes, bodyStart, end, 5));
    }
  }
}
