import { isUtf8 } from 'node:buffer';
import {
  type AuthPacket,
  type AuthProperties,
  type ConnectPacket,
  describeReasonCode,
  FIRST_FAILURE,
  NO_PROPERTIES,
  type PublishView,
  type QoS,
  ReasonCode,
  type SubscribePacket,
  type UnsubscribePacket,
} from '@busbar/codec';
import {
  ApplicationMessage,
  type Closing,
  type Delivery,
  isSharedSubscription,
  LATER,
  ServerConnection,
  type ServerConnectionOwner,
} from '@busbar/protocol';
import type { ByteTransport, TransportError, TransportReceiver } from '@busbar/transport';
import type { AuthenticationStep } from '../auth/enhanced-authentication.ts';
import { Alarm } from '../clock/timer-wheel.ts';
import type { Route } from '../router/route.ts';
import type { Outlet } from '../session/outlet.ts';
import type { Session } from '../session/session.ts';
import { endsWithoutWill, willOf } from '../will/wills.ts';
import { connackPropertiesOf, keepAliveOf, type Refusal, refusalOf, sessionExpiryOf } from './admission.ts';
import { Authentication } from './authentication.ts';
import type { BrokerRooms } from './broker-rooms.ts';
import type { Flushable } from './turn.ts';

/** Output that does not wait for the end of the turn. */
const FLUSH_AT = 256 * 1024;

/**
 * One client's door: joins its Network Connection, its {@link ServerConnection} machine and its session, and decides
 * nothing that one of them can decide. The only code of the broker that knows socket, machine and clock at a time.
 */
export class ClientEntrance implements TransportReceiver, ServerConnectionOwner, Outlet, Flushable {
  readonly #rooms: BrokerRooms;
  readonly #transport: ByteTransport;
  readonly #connection: ServerConnection;
  readonly #alarm: Alarm;
  readonly #onClosed: (entrance: ClientEntrance) => void;
  readonly #authentication: Authentication;
  /** The CONNECT that waits for its client to be authenticated. */
  #waitingConnect: ConnectPacket | undefined = undefined;
  #session: Session | undefined = undefined;
  #clientIdentifier = '';
  #lastRoute: Route | undefined = undefined;
  #isMarked = false;
  #isPaused = false;
  #pumpsLater = false;
  #isLost = false;

  constructor(rooms: BrokerRooms, transport: ByteTransport, onClosed: (entrance: ClientEntrance) => void) {
    const now = rooms.clock.now();
    this.#rooms = rooms;
    this.#transport = transport;
    this.#onClosed = onClosed;
    this.#authentication = new Authentication(rooms, transport.remote.address);
    this.#connection = new ServerConnection(this, rooms.connectionLimits, rooms.pool, now);
    this.#alarm = new Alarm((at) => this.#handleDeadline(at));
    rooms.wheel.set(this.#alarm, this.#connection.nextDeadline);
    rooms.counters.connections++;
    rooms.counters.connectionsAccepted++;
    transport.attach(this);
  }

  /** Ends the connection because the broker stops. */
  shutDown(): void {
    this.#connection.disconnect(ReasonCode.serverShuttingDown, 'the broker is stopping');
    this.#mark();
  }

  /** Closes the Network Connection at once. */
  destroy(): void {
    this.#transport.destroy();
  }

  // --- transport -------------------------------------------------------------------------------------------------------

  handleBytes(bytes: Uint8Array): void {
    this.#rooms.counters.bytesReceived += bytes.length;
    this.#connection.handleBytes(bytes, this.#rooms.clock.now());
    this.#rooms.counters.packetsReceived += this.#connection.packetsReceived;
    this.#connection.packetsReceived = 0;
    this.#settle();
  }

  handleWritable(): void {
    this.#session?.pump(this.#rooms.clock.now());
  }

  handleClosed(error?: TransportError): void {
    this.#isLost = true;
    this.#rooms.counters.connections--;
    this.#rooms.wheel.clear(this.#alarm);
    this.#connection.handleLost(error === undefined ? 'the Network Connection was closed' : error.message);
    this.#connection.output.clear();
    this.#onClosed(this);
  }

  // --- outlet ----------------------------------------------------------------------------------------------------------

  get isWritable(): boolean {
    const waiting = this.#transport.bufferedBytes + this.#connection.output.byteLength;
    return waiting < this.#rooms.limits.maximumBufferedBytes;
  }

  get hasRoom(): boolean {
    return this.#connection.hasRoom;
  }

  accepts(delivery: Delivery): boolean {
    return this.#connection.accepts(delivery);
  }

  deliver(delivery: Delivery, now: number): void {
    this.#connection.deliver(delivery, now);
    this.#mark();
    if (this.#connection.output.byteLength >= FLUSH_AT) this.#write();
  }

  pumpLater(): void {
    this.#pumpsLater = true;
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
    if (!this.#pumpsLater) return;
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
  }

  #mark(): void {
    if (this.#isMarked) return;
    this.#isMarked = true;
    this.#rooms.turn.mark(this);
  }

  /** After every input: output leaves with the turn, and the socket waits while the machine wants no input. */
  #settle(): void {
    const connection = this.#connection;
    if (connection.isClosed || connection.output.byteLength > 0) this.#mark();
    const pause = !connection.wantsInput && !connection.isClosed;
    if (pause === this.#isPaused) return;
    this.#isPaused = pause;
    if (pause) this.#transport.pause();
    else this.#transport.resume();
  }

  #handleDeadline(now: number): void {
    this.#connection.handleTimeout(now);
    this.#rooms.wheel.set(this.#alarm, this.#connection.nextDeadline);
    this.#settle();
  }

  // --- CONNECT ---------------------------------------------------------------------------------------------------------

  handleConnect(packet: ConnectPacket): void {
    const refusal = refusalOf(packet, this.#rooms.limits, this.#rooms.capabilities);
    if (refusal !== undefined) {
      this.#refuse(refusal);
      return;
    }
    this.#takeStep(() => this.#authentication.begin(packet), packet);
  }

  handleAuth(packet: AuthPacket): void {
    this.#takeStep(() => this.#authentication.next(packet), undefined);
  }

  /** Takes a step of authentication, now or when the answer is there. @param connect The CONNECT that waits for it. */
  #takeStep(take: () => AuthenticationStep | Promise<AuthenticationStep>, connect: ConnectPacket | undefined): void {
    this.#waitingConnect ??= connect;
    const step = take();
    if (step instanceof Promise) void this.#followLater(step);
    else this.#follow(step);
  }

  async #followLater(step: Promise<AuthenticationStep>): Promise<void> {
    try {
      this.#follow(await step);
    } catch (error) {
      this.#rooms.log.error({ remote: this.#remote, error: String(error) }, 'authentication failed to give an answer');
      const message = 'authentication is not available';
      this.#follow({ kind: 'refuse', reasonCode: ReasonCode.serverUnavailable, message });
    }
    this.#settle();
  }

  #follow(step: AuthenticationStep): void {
    const connection = this.#connection;
    if (connection.isClosed) return;
    const connect = this.#waitingConnect;
    if (step.kind === 'continue') {
      const properties = this.#authenticationProperties(step.data);
      connection.continueAuthentication(ReasonCode.continueAuthentication, properties, this.#rooms.clock.now());
      this.#rooms.wheel.set(this.#alarm, connection.nextDeadline);
      return;
    }
    this.#authentication.finish();
    this.#waitingConnect = undefined;
    if (step.kind === 'accept') {
      const properties = this.#authenticationProperties(step.data);
      if (connect !== undefined) this.#admit(connect, properties);
      else connection.continueAuthentication(ReasonCode.success, properties, this.#rooms.clock.now());
    } else if (connect === undefined) {
      connection.fault(step.reasonCode, step.message);
    } else {
      this.#refuse(step);
    }
  }

  #authenticationProperties(authenticationData: Uint8Array | undefined): AuthProperties {
    const authenticationMethod = this.#authentication.methodName;
    if (authenticationMethod === undefined) return NO_PROPERTIES;
    return { authenticationMethod, ...(authenticationData === undefined ? {} : { authenticationData }) };
  }

  #admit(packet: ConnectPacket, authentication: AuthProperties): void {
    const { sessions, wills, limits, capabilities, counters, store, log, clock } = this.#rooms;
    const clientIdentifier = packet.clientIdentifier || this.#rooms.makeClientIdentifier();
    const { session, isResumed } = sessions.open(clientIdentifier, packet.cleanStart);
    wills.cancel(clientIdentifier);
    const sessionExpiry = sessionExpiryOf(packet, limits);
    const keepAlive = keepAliveOf(packet, limits);
    session.record.expiryInterval = sessionExpiry;
    session.record.will = willOf(packet);
    session.connect(this);
    store.updateSession(session.record);
    this.#session = session;
    this.#clientIdentifier = clientIdentifier;
    counters.countClient();
    const granted = { clientIdentifier, sessionExpiry, keepAlive };
    const version = packet.protocolVersion;
    log.info({ client: clientIdentifier, remote: this.#remote, version, resumed: isResumed, keepAlive }, 'connected');
    const sessionPresent = isResumed; // [MQTT-3.2.2-2] [MQTT-3.2.2-3]
    const properties = { ...connackPropertiesOf(packet, granted, capabilities), ...authentication };
    const answer = { session: session.record.flows, sessionPresent, keepAlive, properties };
    this.#connection.acceptConnect(answer, clock.now());
    this.#rooms.wheel.set(this.#alarm, this.#connection.nextDeadline);
    session.pump(clock.now());
    this.#mark();
  }

  #refuse({ reasonCode, message, serverReference }: Refusal): void {
    this.#connection.refuseConnect(reasonCode, message, serverReference === undefined ? {} : { serverReference });
    this.#mark();
  }

  // --- packets of the connected client ---------------------------------------------------------------------------------

  handlePublish(view: PublishView): ReasonCode | typeof LATER {
    const { router, clock, counters, store } = this.#rooms;
    const { topicBytes, topicStart, topicEnd } = view;
    let route = this.#lastRoute;
    if (route === undefined || !route.isOf(topicBytes, topicStart, topicEnd)) {
      route = router.routeOf(topicBytes, topicStart, topicEnd);
      if (route.fault !== undefined) {
        this.#connection.fault(route.fault.reasonCode, route.fault.message);
        return route.fault.reasonCode;
      }
      if (route.isReserved) return ReasonCode.notAuthorized;
      this.#lastRoute = route;
    }
    if (view.payloadIsText && this.#rooms.capabilities.checkPayloadFormat && !isUtf8(view.payload)) {
      return this.#refusePayload(view.qos);
    }
    counters.messagesReceived++;
    const now = clock.now();
    const isVersion5 = this.#connection.version === 5;
    const { topicName, topicBytes: ownTopicBytes } = route;
    const message = new ApplicationMessage(view, isVersion5, topicName, ownTopicBytes, this.#clientIdentifier, now);
    const reasonCode = router.publish(message, route, now);
    if (view.qos === 0) return reasonCode;
    const { qos, packetId } = view;
    const isDurable = store.whenDurable(() => this.#acceptPublish(qos, packetId, reasonCode));
    return isDurable ? reasonCode : LATER;
  }

  /** At QoS 0 there is no acknowledgement to say it with (section 3.3.2.3.2). */
  #refusePayload(qos: QoS): ReasonCode {
    const { payloadFormatInvalid } = ReasonCode;
    if (qos === 0) this.#connection.fault(payloadFormatInvalid, 'the payload says it is UTF-8 text, and is not');
    return payloadFormatInvalid;
  }

  #acceptPublish(qos: 1 | 2, packetId: number, reasonCode: ReasonCode): void {
    if (this.#connection.isConnected) this.#connection.acceptPublish(qos, packetId, reasonCode);
    else if (qos === 2 && reasonCode < FIRST_FAILURE) this.#session?.record.flows.inbound.accept(packetId);
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
    const { reasonCodes, refusal } = this.#rooms.sessions.subscribe(session, packet);
    if (refusal !== undefined)
      this.#rooms.log.warn({ client: this.#clientIdentifier }, `subscription refused: ${refusal}`);
    this.#connection.acceptSubscribe(packet.packetId, reasonCodes, refusal);
    session.pump(this.#rooms.clock.now());
  }

  handleUnsubscribe(packet: UnsubscribePacket): void {
    const session = this.#session;
    if (session === undefined) return;
    const reasonCodes = this.#rooms.sessions.unsubscribe(session, packet.topicFilters);
    this.#connection.acceptUnsubscribe(packet.packetId, reasonCodes);
  }

  handleDelivered(_delivery: Delivery, reasonCode: ReasonCode): void {
    this.#session?.handleDelivered(reasonCode);
  }

  handleUndeliverable(): void {
    this.#session?.handleUndeliverable();
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
    const { will } = record;
    record.will = undefined;
    const expiry = closing.disconnect?.properties.sessionExpiryInterval;
    if (expiry !== undefined) record.expiryInterval = Math.min(expiry, this.#rooms.limits.maximumSessionExpiryInterval);
    if (will !== undefined && !endsWithoutWill(closing))
      this.#rooms.wills.handleDisconnected(record.clientIdentifier, will);
    this.#rooms.sessions.handleDisconnected(session);
  }

  #logClosing({ cause, reasonCode, message }: Closing): void {
    const fields = { client: this.#clientIdentifier, remote: this.#remote, reason: describeReasonCode(reasonCode) };
    if (cause === 'fault' || cause === 'timeout') this.#rooms.log.warn(fields, message);
    else this.#rooms.log.info(fields, message);
  }

  get #remote(): string {
    const { address, port } = this.#transport.remote;
    return `${address}:${port}`;
  }
}
