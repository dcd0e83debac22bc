import {
  type AuthPacket,
  type ConnectPacket,
  describeReasonCode,
  type PublishView,
  ReasonCode,
  type SubscribePacket,
  type UnsubscribePacket,
} from '@busbar/codec';
import {
  type Closing,
  type Delivery,
  isSharedSubscription,
  type LATER,
  ServerConnection,
  type ServerConnectionOwner,
} from '@busbar/protocol';
import { type ByteTransport, formatPeer, type TransportError, type TransportReceiver } from '@busbar/transport';
import { Alarm } from '../clock/timer-wheel.ts';
import type { Durability } from '../config/durability.ts';
import type { ClientDescription, Outlet } from '../session/outlet.ts';
import type { Session } from '../session/session.ts';
import type { KeptWaiter } from '../store/store.ts';
import { endsWithoutWill } from '../will/wills.ts';
import type { BrokerRooms } from './broker-rooms.ts';
import { ClientAdmission, type Door } from './client-admission.ts';
import { ClientPublications } from './client-publications.ts';
import { explainRefusals } from './explanations.ts';
import { KeptAnswers } from './kept-answers.ts';
import type { Peer } from './peer.ts';
import type { Flushable } from './turn.ts';

/** How people call the versions, by their Protocol Level. */
const PROTOCOL_VERSIONS = { 3: '3.1', 4: '3.1.1', 5: '5.0' } as const;

/** Output that does not wait for the end of the turn. */
const FLUSH_AT = 256 * 1024;

/**
 * One client's door: joins its Network Connection, its {@link ServerConnection} machine and its session, and decides
 * nothing that one of them can decide. The only code of the broker that knows socket, machine and clock at a time.
 */
export class ClientEntrance implements TransportReceiver, ServerConnectionOwner, Outlet, Door, Flushable, KeptWaiter {
  readonly #rooms: BrokerRooms;
  readonly #transport: ByteTransport;
  readonly #connection: ServerConnection;
  readonly #alarm: Alarm;
  readonly #onClosed: (entrance: ClientEntrance) => void;
  readonly #admission: ClientAdmission;
  readonly #publications: ClientPublications;
  readonly #durability: Durability;
  readonly #flushAt: number;
  #session: Session | undefined = undefined;
  #clientIdentifier = '';
  #isMarked = false;
  #isPaused = false;
  /** The client leaves so many answers unread that it is not read either. */
  #isChoked = false;
  /** It has had its share of this turn. */
  #isResting = false;
  #pumpsLater = false;
  #isLost = false;
  readonly #keptAnswers = new KeptAnswers();
  #awaitsKept = false;
  #enteredAt = 0;

  constructor(rooms: BrokerRooms, transport: ByteTransport, peer: Peer, onClosed: (entrance: ClientEntrance) => void) {
    const now = rooms.clock.now();
    this.#rooms = rooms;
    this.#transport = transport;
    this.#onClosed = onClosed;
    this.#flushAt = Math.min(FLUSH_AT, rooms.limits.maximumBufferedBytes);
    this.#connection = new ServerConnection(this, rooms.connectionLimits, rooms.pool, now);
    this.#durability = peer.durability;
    this.#publications = new ClientPublications(rooms, this.#connection, this.#durability, () => this.#awaitKept());
    this.#admission = new ClientAdmission(rooms, this.#connection, this, peer);
    this.#alarm = new Alarm((at) => this.#handleDeadline(at));
    rooms.wheel.set(this.#alarm, this.#connection.nextDeadline);
    rooms.counters.connections++;
    rooms.counters.connectionsAccepted++;
    rooms.log.debug({ remote: this.remote }, 'a connection has come');
    transport.attach(this);
  }

  /** Ends the connection because the broker stops. */
  shutDown(): void {
    this.#connection.disconnect(ReasonCode.serverShuttingDown, 'the broker is stopping');
    this.#mark();
  }

  /** Rules or users have changed: what was allowed is asked for again, and a client whose user is gone has to go. */
  handleRightsChanged(): void {
    this.#publications.handleRightsChanged();
    if (this.#session === undefined || !this.#admission.isUserGone(this.#session.identity)) return;
    this.#connection.disconnect(ReasonCode.notAuthorized, 'the user is gone');
    this.#mark();
  }

  /** Closes the Network Connection at once. */
  destroy(): void {
    this.#transport.destroy();
  }

  // --- transport -------------------------------------------------------------------------------------------------------

  handleBytes(bytes: Uint8Array): void {
    const { turn, clock } = this.#rooms;
    this.#rooms.counters.bytesReceived += bytes.length;
    const now = clock.now();
    turn.handleReading(now);
    try {
      this.#connection.handleBytes(bytes, now);
    } catch (error) {
      this.#handleMistake(error);
    }
    this.#rooms.counters.packetsReceived += this.#connection.packetsReceived;
    this.#connection.packetsReceived = 0;
    if (turn.isOver) this.#rest();
    this.#settle();
  }

  /** The others have their turn before this client's next bytes. */
  #rest(): void {
    this.#isResting = true;
    this.#mark();
  }

  /** A mistake of ours that one client's packets brought to light ends that connection and no other. */
  #handleMistake(error: unknown): void {
    const stack = error instanceof Error ? error.stack : String(error);
    this.#rooms.log.error(
      { client: this.#clientIdentifier, remote: this.remote, stack },
      'an internal error ends a connection',
    );
    this.#connection.disconnect(ReasonCode.unspecifiedError, 'internal error');
  }

  handleWritable(): void {
    this.#isChoked = false;
    this.#session?.pump(this.#rooms.clock.now());
    this.#settle();
  }

  handleClosed(error?: TransportError): void {
    this.#isLost = true;
    this.#rooms.counters.connections--;
    this.#rooms.wheel.clear(this.#alarm);
    this.#admission.handleClosed();
    this.#connection.handleLost(error === undefined ? 'the Network Connection was closed' : error.message);
    this.#connection.output.clear();
    this.#onClosed(this);
  }

  // --- outlet ----------------------------------------------------------------------------------------------------------

  get isWritable(): boolean {
    if (!this.#connection.isConnected) return false;
    const waiting = this.#transport.bufferedBytes + this.#connection.output.byteLength;
    return waiting < this.#rooms.limits.maximumBufferedBytes;
  }

  get hasRoom(): boolean {
    return this.#connection.hasRoom;
  }

  accepts(delivery: Delivery): boolean {
    return this.#connection.accepts(delivery);
  }

  deliver(delivery: Delivery, now: number): number {
    const packetId = this.#connection.deliver(delivery, now);
    this.#mark();
    if (this.#connection.output.byteLength >= this.#flushAt) this.#write();
    if (delivery.qos === 2 && this.#connection.isHolding) this.#awaitKept();
    return packetId;
  }

  pumpLater(): void {
    this.#pumpsLater = true;
    this.#mark();
  }

  acceptPublish(packetId: number, reasonCode: ReasonCode): boolean {
    if (!this.#connection.isConnected) return false;
    this.#connection.acceptPublish(2, packetId, reasonCode);
    this.#settle();
    return true;
  }

  describe(): ClientDescription {
    const { version } = this.#connection;
    const connectedSeconds = Math.floor((this.#rooms.clock.now() - this.#enteredAt) / 1000);
    const protocolVersion = PROTOCOL_VERSIONS[version];
    return { remote: this.remote, protocolVersion, connectedSeconds, bufferedBytes: this.#transport.bufferedBytes };
  }

  kick(message: string): void {
    this.#connection.disconnect(ReasonCode.administrativeAction, message);
    this.#mark();
  }

  cutOff(): void {
    this.#connection.disconnect(
      ReasonCode.quotaExceeded,
      'the client does not take its messages, and more of them wait than may',
    );
    this.#mark();
  }

  takeOver(): void {
    this.#connection.disconnect(ReasonCode.sessionTakenOver, 'another connection has taken the session over'); // [MQTT-3.1.4-3]
    this.#mark();
  }

  // --- turn ------------------------------------------------------------------------------------------------------------

  flush(): void {
    this.#isMarked = false;
    this.#write();
    if (this.#connection.isClosed) {
      if (!this.#isLost) this.#transport.end();
      return;
    }
    if (this.#isResting) {
      this.#isResting = false;
      this.#settle();
    }
    // What found no room behind the output of this turn finds it now.
    if (!this.#pumpsLater && this.#session?.hasWaiting !== true) return;
    this.#pumpsLater = false;
    this.#session?.pump(this.#rooms.clock.now());
  }

  #write(): void {
    const { output } = this.#connection;
    const { byteLength } = output;
    if (byteLength === 0 || this.#isLost) return;
    this.#rooms.counters.bytesSent += byteLength;
    this.#rooms.counters.packetsSent += output.packets;
    output.packets = 0;
    output.flushTo(this.#transport);
    if (!this.#transport.isWritable) this.#bound();
  }

  /** Deliveries alone never bring so much together: the client asks, and does not read the answers. */
  #bound(): void {
    const { maximumBufferedBytes, maximumPacketSize } = this.#rooms.limits;
    if (this.#transport.bufferedBytes < 2 * maximumBufferedBytes + maximumPacketSize) return;
    this.#isChoked = true;
    this.#settle();
  }

  #mark(): void {
    if (this.#isMarked) return;
    this.#isMarked = true;
    this.#rooms.turn.mark(this);
  }

  /** After every input: output leaves with the turn, and the socket waits while no input is wanted. */
  #settle(): void {
    const connection = this.#connection;
    if (connection.isClosed || connection.output.byteLength > 0) this.#mark();
    if (connection.output.byteLength >= this.#flushAt) this.#write();
    const pause = (this.#isChoked || this.#isResting || !connection.wantsInput) && !connection.isClosed;
    if (pause === this.#isPaused) return;
    this.#isPaused = pause;
    if (pause) this.#transport.pause();
    else this.#transport.resume();
  }

  #handleDeadline(now: number): void {
    this.#connection.handleTimeout(now);
    this.settle();
  }

  // --- CONNECT ---------------------------------------------------------------------------------------------------------

  handleConnect(packet: ConnectPacket): void {
    this.#admission.handleConnect(packet);
  }

  handleAuth(packet: AuthPacket): void {
    this.#admission.handleAuth(packet);
  }

  settle(): void {
    this.#rooms.wheel.set(this.#alarm, this.#connection.nextDeadline);
    this.#settle();
  }

  enter(session: Session): void {
    this.#session = session;
    this.#clientIdentifier = session.clientIdentifier;
    this.#rooms.counters.countClient();
    this.#enteredAt = this.#rooms.clock.now();
    this.#publications.enter(session);
    session.connect(this);
  }

  // --- packets of the connected client ---------------------------------------------------------------------------------

  handlePublish(view: PublishView): ReasonCode | typeof LATER {
    return this.#publications.handlePublish(view);
  }

  get refusal(): string | undefined {
    return this.#publications.refusal;
  }

  // --- the store -------------------------------------------------------------------------------------------------------

  get keepMark(): number {
    return this.#durability === 'disk' && this.#session?.record.isLasting === true ? this.#rooms.store.mark : 0;
  }

  whenKept(answer: () => void, hasEnded = false): void {
    const record = this.#session?.record;
    const isKept = hasEnded || record?.isLasting === true || record?.will !== undefined;
    const mark = isKept ? this.#rooms.store.mark : 0;
    if (mark === 0) answer();
    else {
      this.#keptAnswers.push(mark, answer);
      this.#awaitKept();
    }
  }

  #awaitKept(): void {
    if (this.#awaitsKept) return;
    this.#awaitsKept = true;
    this.#rooms.store.whenKept(this);
  }

  handleKept(): void {
    this.#awaitsKept = false;
    const { keptMark } = this.#rooms.store;
    this.#publications.handleKept(keptMark);
    this.#keptAnswers.give(keptMark);
    this.#connection.handleKept(keptMark, this.#rooms.clock.now());
    if (this.#publications.isWaiting || !this.#keptAnswers.isEmpty || this.#connection.isHolding) this.#awaitKept();
    this.#settle();
  }

  handleSubscribe(packet: SubscribePacket): void {
    const session = this.#session;
    if (session === undefined) return;
    const sharedNoLocal = packet.subscriptions.some((each) => each.noLocal && isSharedSubscription(each.topicFilter));
    if (sharedNoLocal) {
      this.#connection.fault(ReasonCode.protocolError, 'No Local is set on a Shared Subscription [MQTT-3.8.3-4]');
      return;
    }
    const mounted = session.mountPoint?.subscribe(packet) ?? packet;
    const { reasonCodes, refusals } = this.#rooms.sessions.subscribe(session, mounted);
    for (const { message, rule } of refusals.slice(0, 1)) {
      const fields = { client: this.#clientIdentifier, ...(rule === undefined ? {} : { rule }) };
      this.#rooms.log.warn(fields, `subscription refused: ${message}`);
    }
    this.whenKept(() => {
      this.#connection.acceptSubscribe(packet.packetId, reasonCodes, explainRefusals(refusals));
      session.pump(this.#rooms.clock.now());
    });
  }

  handleUnsubscribe(packet: UnsubscribePacket): void {
    const session = this.#session;
    if (session === undefined) return;
    const { mountPoint } = session;
    const filters = packet.topicFilters.map((filter) => mountPoint?.filter(filter) ?? filter);
    const reasonCodes = this.#rooms.sessions.unsubscribe(session, filters);
    this.whenKept(() => this.#connection.acceptUnsubscribe(packet.packetId, reasonCodes));
  }

  handleDelivered(delivery: Delivery, reasonCode: ReasonCode, packetId: number): void {
    this.#session?.handleDelivered(delivery, reasonCode, packetId);
    if (delivery.qos === 2) this.#awaitKeptFlow();
  }

  handleCompleted(packetId: number): void {
    this.#session?.handleCompleted(packetId);
  }

  handleReleased(packetId: number): void {
    this.#session?.handleReleased(packetId);
    this.#awaitKeptFlow();
  }

  /** What the machine answers to this step of a QoS 2 flow is held back until the store has kept it. */
  #awaitKeptFlow(): void {
    if (this.keepMark !== 0) this.#awaitKept();
  }

  handleUndeliverable(delivery: Delivery, packetId: number): void {
    this.#session?.handleUndeliverable(delivery, packetId);
  }

  handleWindow(): void {
    const session = this.#session;
    if (session?.hasWaiting) session.pump(this.#rooms.clock.now());
  }

  // --- the end ---------------------------------------------------------------------------------------------------------

  /** The machine has closed; the Network Connection follows with the end of the turn. */
  handleClosing(closing: Closing): void {
    this.#logClosing(closing);
    const session = this.#session;
    if (session === undefined) return;
    this.#session = undefined;
    this.#rooms.counters.clients--;
    const { record } = session;
    if (endsWithoutWill(closing)) record.will = undefined;
    if (closing.cause !== 'disconnected') this.#admission.handleAbruptEnd(record.clientIdentifier);
    const expiry = closing.disconnect?.properties.sessionExpiryInterval;
    if (expiry !== undefined) record.expiryInterval = Math.min(expiry, this.#rooms.limits.maximumSessionExpiryInterval);
    // Before the Will is published: it may be for this very session, and nothing follows a DISCONNECT [MQTT-3.14.4-1].
    session.disconnect(this.#rooms.clock.now());
    this.#rooms.wills.handleDisconnected(record);
    this.#rooms.sessions.handleDisconnected(session);
  }

  #logClosing({ cause, reasonCode, message }: Closing): void {
    // An ordinary end, and one without a word, have no reason but the message.
    const isPlain = cause === 'lost' || reasonCode === ReasonCode.normalDisconnection;
    const reason = isPlain ? {} : { reason: describeReasonCode(reasonCode) };
    const fields = { client: this.#clientIdentifier, remote: this.remote, ...reason };
    if (cause === 'fault' || cause === 'timeout') this.#rooms.log.warn(fields, message);
    else this.#rooms.log.info(fields, message);
  }

  get remote(): string {
    return formatPeer(this.#transport.remote);
  }
}
