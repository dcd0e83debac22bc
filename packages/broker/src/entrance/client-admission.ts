import { type AuthPacket, type AuthProperties, type ConnectPacket, NO_PROPERTIES, ReasonCode } from '@busbar/codec';
import type { ServerConnection } from '@busbar/protocol';
import type { Grant } from '../auth/authenticator.ts';
import type { AuthenticationStep } from '../auth/enhanced-authentication.ts';
import type { Identity } from '../authorization/identity.ts';
import { Alarm } from '../clock/timer-wheel.ts';
import type { ConnectAttempt, HookRefusal } from '../hook/broker-hooks.ts';
import { isRefusal } from '../hook/hooks.ts';
import type { WaitingClient } from '../overload/overload.ts';
import type { Session } from '../session/session.ts';
import { willOf } from '../will/wills.ts';
import { connackPropertiesOf, keepAliveOf, type Refusal, refusalOf, sessionExpiryOf } from './admission.ts';
import { Authentication } from './authentication.ts';
import type { BrokerRooms } from './broker-rooms.ts';
import { makeClientIdentifier } from './client-identifier.ts';
import { conditionRefusalOf, namedBy } from './connect-conditions.ts';
import { explainDurability } from './explanations.ts';
import type { LoginAttempt } from './login-guard.ts';
import { obstacleTo } from './obstacle.ts';
import type { Peer } from './peer.ts';

/** The entrance that a client stands at, as its admission sees it. */
export interface Door {
  /** The peer's address, for the log. */
  readonly remote: string;
  /** The client is in: this is its session. Nothing has been sent yet. */
  enter(session: Session): void;
  /**
   * Calls back when what was told the store of this client is kept; at once where nothing has to be waited for.
   *
   * @param hasEnded Whether a session of the client has ended: its end has to be kept, whatever the new one is.
   * @param isOld Whether the answer promises nothing that is not kept already: it does not wait for a store that fails.
   */
  whenKept(answer: () => void, hasEnded?: boolean, isOld?: boolean): void;
  /** Something was sent, a deadline moved or the connection was closed, within an input or outside of one. */
  settle(): void;
  /**
   * What was left unread while somebody took time for an answer is read.
   *
   * @param mistake Of ours, which ends the connection instead.
   */
  resumeInput(mistake?: unknown): void;
}

/**
 * A client's way in, from CONNECT to CONNACK (sections 3.1, 3.2 and 4.12): what speaks against it, who it is, which session it gets;
 * and, while it is in, authenticating again.
 *
 *     CONNECT --> refused
 *             \-> its turn, when the broker has much to do
 *             \-> authentication, by password or a method's exchange --> refused
 *                                                                    \-> session opened, CONNACK
 */
export class ClientAdmission implements WaitingClient {
  readonly #rooms: BrokerRooms;
  readonly #connection: ServerConnection;
  readonly #door: Door;
  readonly #authentication: Authentication;
  readonly #peer: Peer;
  /** Whether those who are asked about it know the client's user by name, as they were last. */
  #isKnownUser: boolean | undefined = undefined;
  /** Who came in. */
  #userName: string | undefined = undefined;
  /** How long an answer may take; there is none where answers come at once. */
  #patience: Alarm | undefined = undefined;
  /** When what the client showed is no longer valid. */
  #expiry: Alarm | undefined = undefined;
  /** The CONNECT that waits for its client to be authenticated. */
  #waiting: ConnectPacket | undefined = undefined;
  /** Whether the client left its Client Identifier to the broker, which may then be its user name. */
  #cameUnnamed = false;
  isKnown = false;

  constructor(rooms: BrokerRooms, connection: ServerConnection, door: Door, peer: Peer) {
    this.#rooms = rooms;
    this.#connection = connection;
    this.#door = door;
    this.#peer = peer;
    this.#authentication = new Authentication(rooms, peer);
  }

  handleConnect(asked: ConnectPacket): void {
    const { conditions, userName } = this.#peer;
    this.#cameUnnamed = asked.clientIdentifier === '';
    const packet = namedBy(asked, userName, conditions);
    const refusal =
      conditionRefusalOf(packet, userName, conditions) ??
      refusalOf(packet, this.#rooms.limits, this.#rooms.capabilities);
    if (refusal !== undefined) {
      this.#refuse(refusal);
      return;
    }
    const { connectRates, clock, limits, overload } = this.#rooms;
    const rate = connectRates.handleConnect(this.#peer.address, clock.now());
    if (rate !== undefined) {
      const message = `at most ${limits[rate]} clients a second may connect`;
      const retryAfterSeconds = overload.retryAfterSeconds();
      this.#refuse({ reasonCode: ReasonCode.connectionRateExceeded, message, limit: rate, retryAfterSeconds });
      return;
    }
    const early = this.#rooms.loginGuard.refusalOf(this.#attemptOf(packet));
    if (early !== undefined) {
      this.#refuse(early);
      return;
    }
    this.#waiting = packet;
    this.isKnown = !packet.cleanStart && this.#rooms.sessions.get(packet.clientIdentifier) !== undefined;
    overload.handleArrival(this, clock.now());
  }

  // --- its turn --------------------------------------------------------------------------------------------------------

  get remote(): string {
    return this.#door.remote;
  }

  admit(): void {
    const packet = this.#waiting;
    if (packet !== undefined && !this.#connection.isClosed) this.#take(() => this.#authentication.begin(packet));
  }

  refuse(retryAfterSeconds: number): void {
    const message = `the broker has too much to do, try again in ${retryAfterSeconds} s`;
    this.#refuse({ reasonCode: ReasonCode.serverBusy, message, retryAfterSeconds });
  }

  /** Whether the user of a connected client is not known any more to those who knew it. */
  isUserGone({ userName }: Identity): boolean {
    const wasKnown = this.#isKnownUser;
    this.#isKnownUser = this.#knows(userName);
    return wasKnown === true && this.#isKnownUser === false;
  }

  #knows(userName: string | undefined): boolean | undefined {
    return userName === undefined || this.#peer.userName !== undefined ? undefined : this.#peer.chain.knows(userName);
  }

  /** The client was in, and its connection has ended without a DISCONNECT. */
  handleAbruptEnd(clientIdentifier: string): void {
    this.#rooms.loginGuard.handleEnd(clientIdentifier, this.#peer.address);
  }

  /** The connection is over. */
  handleClosed(): void {
    if (this.#expiry !== undefined) this.#rooms.wheel.clear(this.#expiry);
    this.#stopWaiting();
    this.#rooms.overload.handleGone(this);
  }

  #attemptOf({ clientIdentifier, userName }: ConnectPacket): LoginAttempt {
    const { address, userName: ownUserName } = this.#peer;
    return { clientIdentifier, userName: ownUserName ?? userName, address };
  }

  handleAuth(packet: AuthPacket): void {
    this.#take(() => this.#authentication.next(packet));
  }

  #take(ask: () => AuthenticationStep | Promise<AuthenticationStep>): void {
    const step = this.#stepOf(ask);
    if (step instanceof Promise) void this.#followLater(step);
    else this.#follow(step);
  }

  /** Whoever is asked may be a program that fails: then nobody comes in, and the client is told so. */
  #stepOf(
    ask: () => AuthenticationStep | Promise<AuthenticationStep>,
  ): AuthenticationStep | Promise<AuthenticationStep> {
    try {
      return ask();
    } catch (error) {
      return this.#unavailable(error);
    }
  }

  #unavailable(error: unknown): AuthenticationStep {
    const { lines, clock } = this.#rooms;
    lines.unauthenticated.write({ remote: this.#door.remote, error: String(error) }, clock.now());
    return { kind: 'refuse', reasonCode: ReasonCode.serverUnavailable, message: 'authentication is not available' };
  }

  /** Nobody stays at the door for ever because somebody who is asked about it does not answer. */
  #startWaiting(): void {
    if (this.#connection.isConnected) return;
    const { wheel, clock, limits } = this.#rooms;
    this.#patience ??= new Alarm(() => this.#giveUp());
    wheel.set(this.#patience, clock.now() + limits.authenticationTimeoutMs);
  }

  #stopWaiting(): void {
    if (this.#patience !== undefined) this.#rooms.wheel.clear(this.#patience);
  }

  #giveUp(): void {
    if (this.#connection.isClosed) return;
    const message = 'nobody has said in time whether the client may come in';
    this.#refuse({ reasonCode: ReasonCode.serverUnavailable, message, limit: 'authenticationTimeoutMs' });
  }

  async #followLater(step: Promise<AuthenticationStep>): Promise<void> {
    this.#startWaiting();
    try {
      this.#follow(await step);
    } catch (error) {
      this.#follow(this.#unavailable(error));
    }
  }

  #follow(step: AuthenticationStep): void {
    const connection = this.#connection;
    this.#stopWaiting();
    if (connection.isClosed) return;
    if (step.kind === 'continue') {
      this.#answer(ReasonCode.continueAuthentication, step.data);
      return;
    }
    this.#authentication.finish();
    const connect = this.#waiting;
    this.#waiting = undefined;
    if (connect === undefined) this.#finishAgain(step);
    else if (step.kind === 'accept') this.#welcome(connect, step);
    else this.#turnAway(connect, step);
  }

  #welcome(connect: ConnectPacket, step: Extract<AuthenticationStep, { kind: 'accept' }>): void {
    const grant = grantOf(step);
    this.#rooms.loginGuard.handleSuccess(this.#attemptOf(connect).userName);
    const { maximumClientIdentifierLength } = this.#rooms.limits;
    const clientIdentifier =
      connect.clientIdentifier ||
      makeClientIdentifier(maximumClientIdentifierLength, this.#peer.conditions.assignedIdentifierPrefix);
    const identity = this.#identityOf(connect, clientIdentifier, grant);
    const admit = (): void => this.#admit(connect, this.#properties(step.data), grant, identity);
    const answer = this.#rooms.hooks.connect?.(this.#describe(connect, identity));
    if (answer instanceof Promise) {
      this.#startWaiting();
      void this.#concludeLater(answer, admit);
    } else this.#conclude(answer, admit);
  }

  async #concludeLater(answer: Promise<ConnectAttempt | HookRefusal>, admit: () => void): Promise<void> {
    try {
      this.#conclude(await answer, admit);
    } catch (mistake) {
      this.#door.resumeInput(mistake);
    }
  }

  /** The hooks have answered, and the connection may have ended meanwhile. */
  #conclude(answer: ConnectAttempt | HookRefusal | undefined, admit: () => void): void {
    this.#stopWaiting();
    if (this.#connection.isClosed) return;
    if (answer === undefined || !isRefusal(answer)) admit();
    else this.#refuse({ reasonCode: answer.refuse, message: answer.reason ?? 'the client may not connect' });
  }

  #describe(connect: ConnectPacket, identity: Identity): ConnectAttempt {
    const { protocolVersion, cleanStart, keepAlive, will, properties } = connect;
    const sessionExpiryInterval = sessionExpiryOf(connect, this.#rooms.limits);
    const asked = { protocolVersion, cleanStart, keepAlive, sessionExpiryInterval, willTopicName: will?.topicName };
    return { identity, remote: this.#door.remote, ...asked, userProperties: properties.userProperties ?? [] };
  }

  #turnAway(connect: ConnectPacket, step: Extract<AuthenticationStep, { kind: 'refuse' }>): void {
    const { name = 'authentication', reason = step.message } = step.by ?? {};
    const { reasonCode } = step;
    const { loginGuard } = this.#rooms;
    if (reasonCode === ReasonCode.notAuthorized || reasonCode === ReasonCode.badUserNameOrPassword) {
      loginGuard.handleFailure(this.#attemptOf(connect), name, reason);
    } else if (reasonCode === ReasonCode.serverUnavailable || reasonCode === ReasonCode.serverBusy) {
      loginGuard.handleUnanswered(this.#attemptOf(connect), name, reason);
    }
    this.#refuse(step);
  }

  #answer(reasonCode: ReasonCode, data: Uint8Array | undefined): void {
    this.#connection.continueAuthentication(reasonCode, this.#properties(data), this.#rooms.clock.now());
    this.#door.settle();
  }

  /** The end of authenticating again (section 4.12.1). */
  #finishAgain(step: Exclude<AuthenticationStep, { kind: 'continue' }>): void {
    if (step.kind === 'refuse') {
      this.#fault(step); // [MQTT-4.12.1-2]
      return;
    }
    const grant = grantOf(step);
    // What the client may is the first user's, and so is its session.
    if (grant.userName !== undefined && grant.userName !== this.#userName) {
      const message = 'the client has authenticated again as another user';
      this.#fault({ reasonCode: ReasonCode.notAuthorized, message });
      return;
    }
    this.#awaitExpiry(grant);
    this.#answer(ReasonCode.success, step.data);
  }

  #fault({ reasonCode, message }: Refusal): void {
    this.#connection.fault(reasonCode, message);
    this.#door.settle();
  }

  /** The method that CONNECT named, which CONNACK and every AUTH name again [MQTT-4.12.0-5]. */
  #properties(authenticationData: Uint8Array | undefined): AuthProperties {
    const authenticationMethod = this.#authentication.methodName;
    if (authenticationMethod === undefined) return NO_PROPERTIES;
    return { authenticationMethod, ...(authenticationData === undefined ? {} : { authenticationData }) };
  }

  #admit(packet: ConnectPacket, authentication: AuthProperties, grant: Grant, identity: Identity): void {
    const { sessions, wills, limits, capabilities, store, lines, clock } = this.#rooms;
    const { clientIdentifier } = identity;
    if (this.#isOfAnother(identity)) {
      const message = 'the Client Identifier belongs to a session of another user';
      const { userName: user } = identity;
      lines.ofAnother.write({ client: clientIdentifier, remote: this.#door.remote, user }, clock.now());
      this.#refuse({ reasonCode: ReasonCode.notAuthorized, message });
      return;
    }
    const sessionExpiry = sessionExpiryOf(packet, limits);
    const obstacle = obstacleTo(packet, identity, sessionExpiry, this.#rooms);
    if (obstacle !== undefined) {
      this.#refuse(obstacle);
      return;
    }
    const changesBefore = store.changes;
    const opened = sessions.open(clientIdentifier, packet.cleanStart, sessionExpiry > 0);
    if (opened === undefined) {
      const message = 'there are as many sessions as may be';
      this.#refuse({ reasonCode: ReasonCode.quotaExceeded, message, limit: 'maximumSessions' });
      return;
    }
    const { session, isResumed } = opened;
    // A session that is discarded must not be there again after a crash, whatever comes after it.
    const hasEnded = !isResumed && store.changes !== changesBefore;
    sessions.identify(session, identity);
    this.#rooms.hooks.session?.({ kind: isResumed ? 'resumed' : 'created', identity });
    this.#userName = identity.userName;
    this.#isKnownUser = this.#knows(identity.userName);
    wills.cancel(clientIdentifier);
    const keepAlive = keepAliveOf(packet, limits);
    session.record.expiryInterval = sessionExpiry;
    session.record.will = willOf(packet, session.mountPoint?.prefix);
    store.updateSession(session.record);
    this.#door.enter(session);
    this.#awaitExpiry(grant);
    const version = packet.protocolVersion;
    lines.connected.write(
      { client: clientIdentifier, remote: this.#door.remote, version, resumed: isResumed, keepAlive },
      clock.now(),
    );
    const assignedIdentifier = this.#cameUnnamed ? clientIdentifier : undefined;
    const granted = { assignedIdentifier, sessionExpiry, keepAlive };
    const sessionPresent = isResumed; // [MQTT-3.2.2-2] [MQTT-3.2.2-3]
    const properties = { ...connackPropertiesOf(packet, granted, capabilities), ...authentication };
    const explanation = capabilities.announceDurability ? explainDurability(store, this.#peer.durability) : {};
    const answer = { session: session.record.flows, sessionPresent, keepAlive, properties, explanation };
    this.#door.whenKept(
      () => {
        this.#connection.acceptConnect(answer, clock.now());
        session.pump(clock.now());
        this.#door.settle();
      },
      hasEnded,
      isResumed,
    );
  }

  #identityOf({ userName }: ConnectPacket, clientIdentifier: string, grant: Grant): Identity {
    const { validUntil: _, ...granted } = grant;
    const { mountPoint, listener, userName: ownUserName } = this.#peer;
    const own = {
      ...(listener === undefined ? {} : { listener }),
      ...(mountPoint === undefined ? {} : { mountPoint }),
    };
    return { clientIdentifier, userName: ownUserName ?? userName, ...own, ...granted };
  }

  /** Whoever knows a Client Identifier could have the messages of its session, or end it. */
  #isOfAnother({ clientIdentifier, userName }: Identity): boolean {
    const known = this.#rooms.sessions.get(clientIdentifier);
    return this.#rooms.protectsSessions && known !== undefined && known.identity.userName !== userName;
  }

  #awaitExpiry({ validUntil }: Grant): void {
    if (validUntil === undefined) return;
    const { wheel, clock } = this.#rooms;
    this.#expiry ??= new Alarm(() => this.#expire());
    wheel.set(this.#expiry, clock.now() + Math.max(0, validUntil - Date.now()));
  }

  #expire(): void {
    if (this.#connection.isClosed) return;
    this.#connection.disconnect(ReasonCode.notAuthorized, 'what the client showed to connect is no longer valid');
    this.#door.settle();
  }

  #refuse({ reasonCode, message, serverReference, limit, retryAfterSeconds }: Refusal): void {
    const { tallies, limitWatch, capabilities } = this.#rooms;
    const { maximumQoS } = capabilities;
    // Whoever is refused for the QoS of its Will can come again with a lower one.
    const isOfQoS = reasonCode === ReasonCode.qosNotSupported;
    tallies.countRefusedConnect(reasonCode);
    if (limit !== undefined) limitWatch.handleReached(limit, { remote: this.#door.remote, reason: message });
    this.#connection.refuseConnect(reasonCode, message, {
      ...(isOfQoS && maximumQoS !== 2 ? { maximumQoS } : {}), // [MQTT-3.2.2-9]
      ...(serverReference === undefined ? {} : { serverReference }),
      ...(retryAfterSeconds === undefined ? {} : { userProperties: [['retry-after', `${retryAfterSeconds}`]] }),
    });
    this.#door.settle();
  }
}

function grantOf({ userName, grant }: Extract<AuthenticationStep, { kind: 'accept' }>): Grant {
  return { ...(userName === undefined ? {} : { userName }), ...grant };
}
