import {
  type AuthPacket,
  type ConnectPacket,
  type PublishView,
  ReasonCode,
  type SubscribePacket,
  type UnsubscribePacket,
} from '@busbar/codec';
import {
  type Closing,
  type Delivery,
  type LATER,
  ServerConnection,
  type ServerConnectionOwner,
} from '@busbar/protocol';
import { type ByteTransport, formatPeer, type TransportError, type TransportReceiver } from '@busbar/transport';
import { Alarm } from '../clock/timer-wheel.ts';
import type { Durability } from '../config/durability.ts';
import type { Session } from '../session/session.ts';
import type { BrokerRooms } from './broker-rooms.ts';
import { ClientAdmission, type Door } from './client-admission.ts';
import { leaveSession, tellEnd } from './client-ending.ts';
import { ClientKeeping } from './client-keeping.ts';
import { ClientOutlet } from './client-outlet.ts';
import { ClientOutput, type OutputOwner } from './client-output.ts';
import { ClientPublications, type UnkeptOwner } from './client-publications.ts';
import { ClientSubscriptions } from './client-subscriptions.ts';
import { ClientTrace } from './client-trace.ts';
import { HookedPublications } from './hooked-publications.ts';
import type { Peer } from './peer.ts';
import { RateBound } from './rate-bound.ts';

/** Where all clients come in, as one of them sees it. */
export interface Hall {
  /** The client has said who it is, and waits for an answer. */
  handleConnect(client: ClientEntrance): void;
  /** The client is in. */
  handleEntered(client: ClientEntrance): void;
  /** Its Network Connection is over, and something that came over it is still to be read. */
  handleGone(client: ClientEntrance): void;
  /** Everything of it is over. @param address Where it came from. */
  handleClosed(client: ClientEntrance, address: string): void;
}

/** A client that was not read for its rate has so long for what it has sent meanwhile, before its silence counts. */
const UNREAD_GRACE_MS = 2_000;

/**
 * One client's door: joins its Network Connection, its {@link ServerConnection} machine and its session, and decides
 * nothing that one of them can decide. The only code of the broker that knows socket, machine and clock at a time.
 */
export class ClientEntrance implements TransportReceiver, ServerConnectionOwner, Door, OutputOwner, UnkeptOwner {
  readonly #rooms: BrokerRooms;
  readonly #transport: ByteTransport;
  readonly #connection: ServerConnection;
  readonly #alarm: Alarm;
  readonly #hall: Hall;
  readonly #address: string;
  readonly #admission: ClientAdmission;
  readonly #publications: ClientPublications;
  /** Undefined until it subscribes. */
  #subscriptions: ClientSubscriptions | undefined = undefined;
  readonly #output: ClientOutput;
  /** Undefined unless somebody traces the client, or has. */
  #trace: ClientTrace | undefined = undefined;
  /** Undefined until it has to wait for the store. */
  #keeping: ClientKeeping | undefined = undefined;
  readonly #durability: Durability;
  #session: Session | undefined = undefined;
  /** As the client says, until it is let in. */
  #clientIdentifier = '';
  /** It is a bridge of another broker, of a version in which a SUBSCRIBE cannot say what that needs. */
  #isOldBridge = false;
  /** What its session sends through; undefined before the CONNACK and after the end. */
  #outlet: ClientOutlet | undefined = undefined;
  /** The Network Connection is over; the machine may still read what came. */
  #isGone = false;
  /** Undefined where it may publish as much as it likes. */
  #rate: RateBound | undefined = undefined;

  constructor(rooms: BrokerRooms, transport: ByteTransport, peer: Peer, hall: Hall) {
    const now = rooms.clock.now();
    this.#rooms = rooms;
    this.#transport = transport;
    this.#hall = hall;
    this.#address = peer.address;
    this.#connection = new ServerConnection(this, rooms.connectionLimits, rooms.pool, now);
    this.#durability = peer.durability;
    this.#output = new ClientOutput(rooms, transport, this.#connection, this);
    this.#publications = this.#makePublications();
    this.#admission = new ClientAdmission(rooms, this.#connection, this, peer);
    this.#alarm = new Alarm((at) => this.#handleDeadline(at));
    rooms.wheel.set(this.#alarm, this.#connection.nextDeadline);
    rooms.counters.connections++;
    rooms.counters.connectionsAccepted++;
    rooms.lines.arrived.write({ remote: this.remote }, now);
    transport.attach(this);
  }

  #makePublications(): ClientPublications {
    const { publish } = this.#rooms.hooks;
    const parts = [this.#rooms, this.#connection, this.#durability, this] as const;
    if (publish === undefined) return new ClientPublications(...parts);
    return new HookedPublications(...parts, publish, (mistake) => this.resumeInput(mistake));
  }

  /** Ends the connection because the broker stops. */
  shutDown(): void {
    this.#connection.disconnect(ReasonCode.serverShuttingDown, 'the broker is stopping');
    this.#output.mark();
  }

  /** Rules or users have changed: what was allowed is asked for again, and a client whose user is gone has to go. */
  handleRightsChanged(): void {
    this.#publications.handleRightsChanged();
    if (this.#session === undefined || !this.#admission.isUserGone(this.#session.identity)) return;
    this.#connection.disconnect(ReasonCode.notAuthorized, 'the user is gone');
    this.#output.mark();
  }

  /** How much it may publish per second has changed. */
  handleLimitsChanged(): void {
    if (this.#session !== undefined) this.#rate ??= this.#makeRate();
  }

  #makeRate(): RateBound | undefined {
    const bounded = { client: this.#clientIdentifier, remote: this.remote };
    return RateBound.of(this.#rooms, this.#connection, this.#output, bounded);
  }

  /** The store has begun to fail: what it need not keep is answered. */
  handleStoreFailure(): void {
    this.#keeping?.handleFailure();
  }

  /** Somebody has begun, or nobody goes on, to trace the clients of this name. */
  handleTraced(clientIdentifier: string, isTraced: boolean): void {
    if (!isTraced) this.#trace?.end(clientIdentifier);
    else if (clientIdentifier === this.#clientIdentifier) this.#beginTrace(clientIdentifier, false);
  }

  /** @param isConnecting Whether its CONNECT packet is being read. */
  #beginTrace(clientIdentifier: string, isConnecting: boolean): void {
    const { traces } = this.#rooms;
    if (traces.of(clientIdentifier) === undefined) return;
    this.#trace ??= new ClientTrace(traces, this.#transport, this.#connection, this.#output);
    this.#trace.begin(clientIdentifier, isConnecting);
  }

  /** Closes the Network Connection at once, or lets what is still to be read of it go. */
  destroy(): void {
    if (this.#isGone) this.#connection.disconnect(ReasonCode.serverBusy, 'it had left, and gave way to others');
    else this.#transport.destroy();
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
    this.#rate?.handleBytes(bytes.length, now);
    this.#handleRead(turn.isOver);
  }

  /** The next turn has begun: what rested is read. */
  handleRested(): void {
    const { turn, clock } = this.#rooms;
    const now = clock.now();
    turn.handleReading(now);
    this.#attempt(() => this.#connection.readOn(now));
    this.#handleRead(false);
  }

  /** @param restsInSocket Whether further chunks should wait for the next turn, even if this one has been read to its end. */
  #handleRead(restsInSocket: boolean): void {
    this.#countPackets();
    if (restsInSocket || this.#connection.isResting) this.#output.rest();
    this.#output.settle();
  }

  /** Whether what else this client has sent should wait for the next turn. */
  get isTurnOver(): boolean {
    return this.#rooms.turn.isOver;
  }

  /** Nobody takes time for an answer any more: what the client has sent meanwhile is read. */
  resumeInput(mistake?: unknown): void {
    const { turn, clock, wheel } = this.#rooms;
    const now = clock.now();
    turn.handleReading(now);
    if (mistake !== undefined) this.#handleMistake(mistake);
    this.#attempt(() => this.#connection.resumeInput(now));
    wheel.set(this.#alarm, this.#connection.nextDeadline);
    this.#handleRead(false);
  }

  /** {@link handleBytes} has this in itself: it is the way of every message. */
  #attempt(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#handleMistake(error);
    }
  }

  /** A mistake of ours that one client's packets brought to light ends that connection and no other. */
  #handleMistake(error: unknown): void {
    const stack = error instanceof Error ? error.stack : String(error);
    const { lines, clock } = this.#rooms;
    lines.mistake.write({ client: this.#clientIdentifier, remote: this.remote, stack }, clock.now());
    this.#connection.disconnect(ReasonCode.unspecifiedError, 'internal error');
  }

  handleWritable(): void {
    this.#output.handleWritable();
    this.#session?.pump(this.#rooms.clock.now());
    this.#output.settle();
  }

  handleClosed(error?: TransportError): void {
    this.#output.handleLost();
    this.#rooms.counters.connections--;
    this.#rooms.wheel.clear(this.#alarm);
    const wasOver = this.#connection.isClosed;
    this.#isGone = true;
    const message = error === undefined ? 'the Network Connection was closed' : error.message;
    this.#attempt(() => this.#connection.handleLost(message, this.#rooms.clock.now()));
    this.#countPackets();
    if (wasOver) this.#leaveHall();
    else if (!this.#connection.isClosed) this.#hall.handleGone(this);
  }

  /** Machine and Network Connection are over, whichever was first. */
  #leaveHall(): void {
    this.#connection.output.clear();
    this.#trace?.handleClosed();
    this.#hall.handleClosed(this, this.#address);
  }

  #countPackets(): void {
    this.#rooms.counters.packetsReceived += this.#connection.packetsReceived;
    this.#connection.packetsReceived = 0;
  }

  handleFlushed(): void {
    this.#outlet?.handleFlushed();
  }

  #handleDeadline(now: number): void {
    // Of a client that is not read nobody knows whether it is silent.
    const heard = this.#output.heldUntil + UNREAD_GRACE_MS;
    if (now < heard) {
      this.#rooms.wheel.set(this.#alarm, heard);
      return;
    }
    this.#connection.handleTimeout(now);
    this.settle();
  }

  // --- CONNECT ---------------------------------------------------------------------------------------------------------

  handleConnect(packet: ConnectPacket): void {
    this.#hall.handleConnect(this);
    this.#clientIdentifier = packet.clientIdentifier;
    this.#isOldBridge = packet.bridge && packet.protocolVersion !== 5;
    if (!this.#rooms.traces.isEmpty) this.#beginTrace(packet.clientIdentifier, true);
    this.#admission.handleConnect(packet);
  }

  handleAuth(packet: AuthPacket): void {
    this.#admission.handleAuth(packet);
  }

  settle(): void {
    this.#rooms.wheel.set(this.#alarm, this.#connection.nextDeadline);
    this.#output.settle();
  }

  enter(session: Session): void {
    this.#session = session;
    this.#clientIdentifier = session.clientIdentifier;
    this.#rooms.counters.countClient();
    this.#hall.handleEntered(this);
    this.#rooms.census.handleClient(session.identity.userName);
    this.#rate = this.#makeRate();
    this.#publications.enter(session);
    if (!this.#rooms.traces.isEmpty) this.#beginTrace(this.#clientIdentifier, false);
    this.#outlet = new ClientOutlet(session, this.#rooms.clock, this.#transport, this.#connection, this.#output, this);
    session.connect(this.#outlet);
  }

  // --- packets of the connected client ---------------------------------------------------------------------------------

  handlePublish(view: PublishView): ReasonCode | typeof LATER {
    const refused = this.#rate?.refusalOf(view);
    if (refused !== undefined) return refused;
    return this.#publications.handlePublish(view);
  }

  get refusal(): string | undefined {
    return this.#rate?.refusal ?? this.#publications.refusal;
  }

  // --- the store -------------------------------------------------------------------------------------------------------

  get keepMark(): number {
    return this.#durability === 'disk' && this.#session?.record.isLasting === true ? this.#rooms.store.mark : 0;
  }

  whenKept(answer: () => void, hasEnded = false, isOld = false): void {
    const record = this.#session?.record;
    const isKept = hasEnded || record?.isLasting === true || record?.will !== undefined;
    const mark = isKept ? this.#rooms.store.mark : 0;
    if (mark === 0 || (isOld && this.#rooms.store.failure !== undefined)) answer();
    else this.#keep().push(mark, answer, isOld);
  }

  awaitKept(): void {
    this.#keep().await();
  }

  #keep(): ClientKeeping {
    this.#keeping ??= new ClientKeeping(this.#rooms, this.#connection, this.#publications, this.#output);
    return this.#keeping;
  }

  handleSubscribe(packet: SubscribePacket): void {
    this.#subscribing()?.handleSubscribe(packet);
  }

  handleUnsubscribe(packet: UnsubscribePacket): void {
    this.#subscribing()?.handleUnsubscribe(packet);
  }

  #subscribing(): ClientSubscriptions | undefined {
    const session = this.#session;
    if (session !== undefined)
      this.#subscriptions ??= new ClientSubscriptions(this.#rooms, this.#connection, this, session, this.#isOldBridge);
    return this.#subscriptions;
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
    if (this.keepMark !== 0) this.awaitKept();
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
    this.#admission.handleClosed();
    const session = this.#session;
    const who = { client: this.#clientIdentifier, remote: this.remote };
    tellEnd(closing, who, session === undefined, this.#rooms);
    this.#trace?.handleClosing(closing);
    this.#session = undefined;
    this.#outlet = undefined;
    if (session !== undefined) {
      if (closing.cause !== 'disconnected') this.#admission.handleAbruptEnd(session.clientIdentifier);
      leaveSession(session, closing, this.remote, this.#rooms);
    }
    if (this.#isGone) this.#leaveHall();
  }

  get remote(): string {
    return formatPeer(this.#transport.remote);
  }
}
