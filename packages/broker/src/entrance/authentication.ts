import { type AuthPacket, type ConnectPacket, ReasonCode } from '@busbar/codec';
import type { AuthenticatorChain, ChainVerdict } from '../auth/authenticator-chain.ts';
import type {
  AuthenticationExchange,
  AuthenticationMethod,
  AuthenticationStep,
} from '../auth/enhanced-authentication.ts';
import { userNameFault } from '../auth/user-name.ts';
import type { Peer } from './peer.ts';

/** Who may come in, and how it is found out. */
export interface AuthenticationRooms {
  /** Who is asked about clients whose listener has nobody of its own. */
  readonly chain: AuthenticatorChain;
  /** Methods of enhanced authentication by their names. */
  readonly authenticationMethods: ReadonlyMap<string, AuthenticationMethod>;
}

type Steps = AuthenticationStep | Promise<AuthenticationStep>;

/**
 * One client's authentication: with the user name and password of its CONNECT, or by the messages of a method (section 4.12),
 * which may begin again while the client is connected.
 */
export class Authentication {
  readonly #rooms: AuthenticationRooms;
  readonly #peer: Peer;
  #method: AuthenticationMethod | undefined = undefined;
  #exchange: AuthenticationExchange | undefined = undefined;
  #clientIdentifier = '';

  constructor(rooms: AuthenticationRooms, peer: Peer) {
    this.#rooms = rooms;
    this.#peer = peer;
  }

  /** The method that CONNECT named, which CONNACK and every AUTH name again [MQTT-4.12.0-5]. */
  get methodName(): string | undefined {
    return this.#method?.name;
  }

  /** The first step, with what CONNECT brought. */
  begin(packet: ConnectPacket): Steps {
    const { clientIdentifier, properties } = packet;
    this.#clientIdentifier = clientIdentifier;
    const { fault } = this.#peer;
    if (fault !== undefined) return { kind: 'refuse', reasonCode: ReasonCode.badUserNameOrPassword, message: fault };
    if (properties.authenticationMethod === undefined) return this.#byPassword(packet);
    this.#method = this.#rooms.authenticationMethods.get(properties.authenticationMethod);
    if (this.#method === undefined) {
      const known = [...this.#rooms.authenticationMethods.keys()].join(', ') || 'none';
      const message = `there is no Authentication Method '${properties.authenticationMethod}', the methods are: ${known}`;
      return { kind: 'refuse', reasonCode: ReasonCode.badAuthenticationMethod, message }; // [MQTT-4.12.0-1]
    }
    return this.#ask(this.#restart(this.#method), properties.authenticationData);
  }

  /** The next step, with what an AUTH packet brought. */
  next({ reasonCode, properties }: AuthPacket): Steps {
    const method = this.#method;
    if (method === undefined) return violation('AUTH came, and CONNECT had no Authentication Method');
    if (properties.authenticationMethod !== method.name) {
      return violation(`expected Authentication Method '${method.name}' again, another came [MQTT-4.12.0-5]`);
    }
    if (reasonCode === ReasonCode.reAuthenticate)
      return this.#ask(this.#restart(method), properties.authenticationData); // [MQTT-4.12.1-1]
    if (reasonCode !== ReasonCode.continueAuthentication || this.#exchange === undefined) {
      return violation('AUTH came, and no authentication is under way');
    }
    return this.#ask(this.#exchange, properties.authenticationData);
  }

  /** The exchange has come to its end, one way or the other. */
  finish(): void {
    this.#exchange = undefined;
  }

  #restart(method: AuthenticationMethod): AuthenticationExchange {
    const { address, certificate } = this.#peer;
    this.#exchange = method.begin({ clientIdentifier: this.#clientIdentifier, address, certificate });
    return this.#exchange;
  }

  #ask(exchange: AuthenticationExchange, data: Uint8Array | undefined): Steps {
    const name = this.#method?.name ?? '';
    const step = exchange.next(data);
    return step instanceof Promise ? step.then((late) => usableStep(late, name)) : usableStep(step, name);
  }

  #byPassword({ clientIdentifier, userName, password }: ConnectPacket): Steps {
    const { address, certificate, userName: ownUserName, chain } = this.#peer;
    const isIdentified = ownUserName !== undefined;
    const name = ownUserName ?? userName;
    const verdict = chain.ask({ clientIdentifier, userName: name, password, address, certificate, isIdentified });
    return verdict instanceof Promise ? verdict.then(stepOf) : stepOf(verdict);
  }
}

/** The client is told no more than that it may not: why is for the log. */
function stepOf(verdict: ChainVerdict): AuthenticationStep {
  if (verdict.kind === 'allow') return { kind: 'accept', grant: verdict.grant };
  const { reasonCode = ReasonCode.notAuthorized, message, by } = verdict;
  return { kind: 'refuse', reasonCode, message: 'the client may not connect', by: { name: by, reason: message } };
}

/** A method may be a program without types, too: a user name that no client can have lets nobody in. */
function usableStep(step: AuthenticationStep, method: string): AuthenticationStep {
  if (step.kind !== 'accept') return step;
  const userName = step.grant?.userName ?? step.userName;
  const fault = userName === undefined ? undefined : userNameFault(userName);
  if (fault === undefined) return step;
  const by = { name: method, reason: `the user name cannot be used: ${fault}` };
  return { kind: 'refuse', reasonCode: ReasonCode.notAuthorized, message: 'the client may not connect', by };
}

function violation(message: string): AuthenticationStep {
  return { kind: 'refuse', reasonCode: ReasonCode.protocolError, message };
}
