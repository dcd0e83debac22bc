/**
 * An MQTT client on networking of your own: a protocol object that is told `connectionMade`, `dataReceived` and
 * `connectionLost`, a factory that reconnects with back-off, and an async `connect`. The MQTT in it is the client's
 * connection machine, which knows no socket; the networking here is `node:net`, and could be anything that moves bytes.
 *
 *     node examples/dist/protocol-object.js [host [port]]      (default: localhost 1883; Ctrl-C ends it)
 */
import { createConnection, type Socket } from 'node:net';
import {
  type Agreement,
  type ClientClosing,
  ClientConnection,
  type ClientConnectionOwner,
  describeReasonCode,
  type PublishPacket,
  ReasonCode,
  type SubackPacket,
} from '@busbar/client';

const TOPIC = 'example/protocol-object';

/** One connection: joins the machine to whatever moves the bytes. */
class MqttProtocol implements ClientConnectionOwner {
  readonly #factory: ReconnectingFactory;
  readonly #machine: ClientConnection;
  #transport: Socket | undefined;
  #timer: NodeJS.Timeout | undefined;
  #greetings: NodeJS.Timeout | undefined;

  constructor(factory: ReconnectingFactory) {
    this.#factory = factory;
    this.#machine = new ClientConnection({ keepAlive: 30 }, this);
  }

  // What the networking tells.

  connectionMade(transport: Socket): void {
    this.#transport = transport;
    this.#machine.handleConnectionMade(performance.now());
    this.#settle();
  }

  dataReceived(bytes: Uint8Array): void {
    this.#machine.handleBytes(bytes, performance.now());
    this.#settle();
  }

  connectionLost(reason?: Error): void {
    this.#machine.handleConnectionLost(performance.now(), reason);
    clearTimeout(this.#timer);
  }

  // What the machine tells.

  handleConnected({ protocolVersion, keepAlive }: Agreement): void {
    console.log(`connected: MQTT ${protocolVersion === 5 ? '5.0' : '3.1.1'}, keep alive ${keepAlive} s`);
    this.#factory.handleConnected(this);
    const qos = 1;
    const options = { noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;
    this.#machine.subscribe([{ topicFilter: TOPIC, qos, ...options }]);
  }

  /** Only now does a message that is published come back. */
  handleSuback({ reasonCodes }: SubackPacket): void {
    for (const code of reasonCodes) {
      if (code >= ReasonCode.unspecifiedError) console.log(`subscription refused: ${describeReasonCode(code)}`);
    }
    let count = 0;
    this.#greetings = setInterval(() => this.publish(`Hello ${++count}`), 250);
  }

  handlePublish({ topicName, payload }: PublishPacket): ReasonCode {
    console.log(`received ${topicName}: ${Buffer.from(payload)}`);
    return ReasonCode.success;
  }

  handleClosing({ cause, message }: ClientClosing): void {
    clearInterval(this.#greetings);
    // A server that is gone takes nothing more; any other is to get the last packet.
    if (cause === 'timeout') this.#transport?.destroy();
    else this.#transport?.end();
    this.#factory.handleClosed(message);
  }

  handlePublished(): void {}
  handleUnsuback(): void {}
  handleAuth(): void {}
  handleWindow(): void {}

  // What a program asks for.

  publish(text: string): void {
    if (!this.#machine.hasRoom) return;
    this.#machine.publish({ topicName: TOPIC, payload: Buffer.from(text), qos: 1, retain: false, properties: {} });
    this.#settle();
  }

  disconnect(): void {
    this.#machine.disconnect();
    this.#settle();
  }

  /** After every call: what the machine wants to say is written, and its next deadline is kept. */
  #settle(): void {
    const bytes = this.#machine.takeBytes();
    if (bytes !== undefined) this.#transport?.write(bytes);
    clearTimeout(this.#timer);
    const wait = this.#machine.nextDeadline - performance.now();
    if (Number.isFinite(wait)) this.#timer = setTimeout(() => this.#handleDeadline(), Math.max(0, wait));
  }

  #handleDeadline(): void {
    this.#machine.handleTimeout(performance.now());
    this.#settle();
  }
}

/** Makes a protocol object for each connection, and connects again when one is lost: twice as late each time, with jitter. */
class ReconnectingFactory {
  readonly #host: string;
  readonly #port: number;
  #attempt = 0;
  #socket: Socket | undefined;
  #protocol: MqttProtocol | undefined;
  #retry: NodeJS.Timeout | undefined;
  #isStopped = false;
  #settle: (protocol: MqttProtocol | undefined) => void = () => {};

  constructor(host: string, port: number) {
    this.#host = host;
    this.#port = port;
  }

  /** Resolves when the server has accepted a connection, however many attempts that takes; with undefined when stopped before. */
  connect(): Promise<MqttProtocol | undefined> {
    return new Promise((resolve) => {
      this.#settle = resolve;
      this.#dial();
    });
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#retry);
    if (this.#protocol === undefined) this.#socket?.destroy();
    else this.#protocol.disconnect();
    this.#settle(undefined);
  }

  handleConnected(protocol: MqttProtocol): void {
    this.#attempt = 0;
    this.#settle(protocol);
  }

  /** A connection, or the attempt to make one, has ended. */
  handleClosed(why: string): void {
    this.#protocol = undefined;
    if (this.#isStopped) return;
    const delayMs = Math.random() * Math.min(30_000, 500 * 2 ** this.#attempt++);
    console.log(`connection lost: ${why}; next attempt in ${Math.round(delayMs)} ms`);
    this.#retry = setTimeout(() => this.#dial(), delayMs);
  }

  #dial(): void {
    const socket = createConnection({ host: this.#host, port: this.#port, noDelay: true });
    let protocol: MqttProtocol | undefined;
    let failure: Error | undefined;
    this.#socket = socket;
    socket.on('connect', () => {
      protocol = new MqttProtocol(this);
      this.#protocol = protocol;
      protocol.connectionMade(socket);
    });
    socket.on('data', (bytes) => protocol?.dataReceived(bytes));
    socket.on('error', (error) => {
      failure = error;
    });
    socket.on('close', () => {
      if (protocol === undefined) this.handleClosed(failure?.message ?? 'the attempt was given up');
      else protocol.connectionLost(failure);
    });
  }
}

async function connect(host: string, port: number): Promise<MqttProtocol | undefined> {
  const factory = new ReconnectingFactory(host, port);
  process.once('SIGINT', () => factory.stop());
  console.log(`connecting to ${host}:${port}`);
  return factory.connect();
}

const [host = 'localhost', port = '1883'] = process.argv.slice(2);
await connect(host, Number(port));
