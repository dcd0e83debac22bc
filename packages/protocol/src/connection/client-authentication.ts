import {
  type AuthPacket,
  type AuthProperties,
  type ConnectPacket,
  PacketType,
  ReasonCode,
  UsageError,
} from '@busbar/codec';
import { type ProtocolFault, protocolFault } from './client-fault.ts';

/** What a client may say in AUTH; the Authentication Method is CONNECT's. */
export type ClientAuthProperties = Omit<AuthProperties, 'authenticationMethod'>;

/**
 * The rules of enhanced authentication (section 4.12) as a client keeps them: which AUTH packets are due, and with which
 * method. What the Authentication Data means is known to whoever brings the method.
 */
export class ClientAuthentication {
  readonly #method: string | undefined;
  #isReAuthenticating = false;

  constructor({ protocolVersion, properties }: ConnectPacket) {
    this.#method = protocolVersion === 5 ? properties.authenticationMethod : undefined;
  }

  /** The client's next step. @throws {UsageError} CONNECT had no Authentication Method. */
  proceed(properties: ClientAuthProperties): AuthPacket {
    return this.#packet(ReasonCode.continueAuthentication, properties); // [MQTT-4.12.0-3]
  }

  /** The client's first step to authenticate again. @throws {UsageError} CONNECT had no Authentication Method. */
  begin(properties: ClientAuthProperties): AuthPacket {
    const packet = this.#packet(ReasonCode.reAuthenticate, properties); // [MQTT-4.12.1-1]
    this.#isReAuthenticating = true;
    return packet;
  }

  /** Takes a step of the server. @returns Which rule it breaks, if any. */
  check(packet: AuthPacket, isConnecting: boolean): ProtocolFault | undefined {
    if (this.#method === undefined) {
      return protocolFault('AUTH came although CONNECT had no Authentication Method [MQTT-4.12.0-6]');
    }
    const isDone = packet.reasonCode === ReasonCode.success;
    const method = packet.properties.authenticationMethod;
    if (method !== this.#method && !(isDone && method === undefined)) {
      return protocolFault('AUTH has another Authentication Method than CONNECT [MQTT-4.12.0-5]');
    }
    const isDue = isConnecting ? !isDone : this.#isReAuthenticating;
    if (!isDue || packet.reasonCode === ReasonCode.reAuthenticate) {
      return protocolFault('AUTH came with a Reason Code that is not due [MQTT-4.12.0-2]');
    }
    if (isDone) this.#isReAuthenticating = false;
    return undefined;
  }

  #packet(reasonCode: ReasonCode, properties: ClientAuthProperties): AuthPacket {
    if (this.#method === undefined) {
      throw new UsageError('no-authentication-method', 'CONNECT had no Authentication Method'); // [MQTT-4.12.0-7]
    }
    return { type: PacketType.auth, reasonCode, properties: { ...properties, authenticationMethod: this.#method } };
  }
}
