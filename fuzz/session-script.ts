import {
  type AuthPacket,
  type ConnectPacket,
  encodePacket,
  type Packet,
  PacketType,
  type ProtocolVersion,
  type PublishPacket,
  type QoS,
  ReasonCode,
  type WillMessage,
} from '@busbar/codec';
import {
  acknowledgementPacket,
  connectPacket,
  publishPacket,
  subscriptionTo,
  unsubscribePacket,
  willMessage,
} from '@busbar/testkit';
import type { SeededRandom } from './random.ts';

/** One thing that a client does. */
export type Step =
  /** Opens a Network Connection; one that is open already stays, and is left to itself. */
  | { readonly kind: 'open'; readonly windowBytes: number; readonly isAnswering: boolean }
  /** Sends bytes, cut at these places; what is held leaves with the next that is not. */
  | { readonly kind: 'send'; readonly bytes: Uint8Array; readonly cuts: readonly number[]; readonly isHeld: boolean }
  /** Reads, or does not. */
  | { readonly kind: 'read'; readonly isReading: boolean }
  /** Lets time pass, for everybody. */
  | { readonly kind: 'wait'; readonly milliseconds: number }
  /** Ends its direction, or the connection with everything under way. */
  | { readonly kind: 'end' }
  | { readonly kind: 'cut' };

/** What one client does, from its first connection on. */
export type Script = readonly Step[];

/** The method of enhanced authentication that scripts know; the first byte of the data says what comes of it. */
export const FUZZ_METHOD = 'FUZZ';
export const AuthenticationOutcome = { accept: 0, continue: 1, refuse: 2, acceptLater: 3, fail: 4 } as const;
/** User Names that are refused, and that are accepted later. */
export const REFUSED_USER = 'nobody';
export const SLOW_USER = 'slow';

const NAMES = ['a', 'a', 'b', 'b', 'c', 'd', 'é', ''];
const TOPICS = ['t/0', 't/0', 't/1', 't/1', 'u', 'u', 't/0/deep', '/', 'é/ü', '$SYS/x', 'a/b/c/d/e/f/g/h/i/j/k/l'];
const FILTERS = [
  ...['t/0', 't/+', '#', '+/+', 't/#', 'u', 'a/+/c/#', '$SYS/#', '/', '+'],
  ...['$share/g/t/#', '$share/g/t/#', '$share/g/u', '$share/h/#', '$share/g/t/+'],
  ...['t/#/x', 't+', '$share/g', '$share//u', '$share/+/u', ''],
];
const USER_PROPERTIES: [string, string][] = [
  ['unit', 'bar'],
  ['unit', 'psi'],
];
/** More than twice the least `maximumBufferedBytes`, and a packet, at two bytes each. */
const UNREAD_ANSWERS = 100_000;
const PAYLOAD_LENGTHS = [0, 0, 1, 10, 100, 100, 1000, 5000];

/** Makes a client's plausible course: one to three connections, and on each what clients send, now and then out of place. */
export function makeScript(random: SeededRandom): Script {
  return new ScriptWriter(random).write();
}

class ScriptWriter {
  readonly #random: SeededRandom;
  readonly #steps: Step[] = [];
  readonly #name: string;
  readonly #version: ProtocolVersion;
  #packetId = 0;

  constructor(random: SeededRandom) {
    this.#random = random;
    this.#name = random.pick(NAMES);
    this.#version = random.pick([3, 4, 4, 5, 5, 5, 5]);
  }

  write(): Script {
    const random = this.#random;
    for (let connections = random.pick([1, 1, 1, 2, 3]); connections > 0; connections--) {
      this.#connect();
      for (let left = random.below(14); left > 0; left--) this.#act();
      this.#leave();
    }
    return this.#steps;
  }

  #connect(): void {
    const random = this.#random;
    const windowBytes = random.pick([65_536, 65_536, 5000, 300]);
    this.#steps.push({ kind: 'open', windowBytes, isAnswering: !random.oneIn(3) });
    this.#send(this.#connectPacket());
  }

  #leave(): void {
    const random = this.#random;
    const { disconnect } = PacketType;
    const expiry = random.oneIn(4) ? { sessionExpiryInterval: random.pick([0, 1, 300]) } : {};
    const properties = this.#version === 5 ? expiry : {};
    const reasonCode =
      this.#version === 5 && random.oneIn(3) ? ReasonCode.disconnectWithWillMessage : ReasonCode.success;
    if (random.oneIn(2)) this.#send({ type: disconnect, reasonCode, properties });
    if (!random.oneIn(4)) this.#steps.push({ kind: random.pick(['end', 'end', 'cut'] as const) });
  }

  #act(): void {
    const random = this.#random;
    if (random.oneIn(1500)) this.#askAndLeaveUnread();
    const chance = random.below(100);
    if (chance < 40) this.#send(this.#publish());
    else if (chance < 60) this.#subscribe();
    else if (chance < 65) this.#send(unsubscribePacket(this.#nextPacketId(), this.#filter(), this.#filter()));
    else if (chance < 82) this.#acknowledge();
    else if (chance < 86) this.#send({ type: PacketType.pingreq });
    else if (chance < 89 && this.#version === 5) this.#send(this.#auth());
    else if (chance < 93) this.#steps.push({ kind: 'read', isReading: random.oneIn(3) });
    else if (chance < 96) this.#steps.push({ kind: 'wait', milliseconds: random.pick([50, 1000, 6000, 15_000]) });
    else this.#flood();
  }

  #flood(): void {
    const count = 5 + this.#random.below(30);
    const packet = this.#publish();
    for (let sent = 0; sent < count; sent++) {
      this.#send({ ...packet, packetId: packet.qos === 0 ? 0 : this.#nextPacketId() });
    }
  }

  /** Asks for more answers than the broker may hold back for one client, and reads none of them for a while. */
  #askAndLeaveUnread(): void {
    const pingreqs = new Uint8Array(2 * UNREAD_ANSWERS);
    for (let at = 0; at < pingreqs.length; at += 2) pingreqs[at] = PacketType.pingreq << 4;
    this.#steps.push({ kind: 'read', isReading: false });
    this.#steps.push({ kind: 'send', bytes: pingreqs, cuts: [], isHeld: false });
    this.#send(this.#publish());
    if (this.#random.oneIn(2)) this.#steps.push({ kind: 'read', isReading: true });
  }

  #connectPacket(): ConnectPacket {
    const random = this.#random;
    const isNamed = random.oneIn(4);
    const packet = connectPacket({
      protocolVersion: this.#version,
      cleanStart: random.oneIn(2),
      keepAlive: random.pick([0, 0, 1, 10, 60, 65_535]),
      clientIdentifier: this.#name,
      will: random.oneIn(3) ? this.#will() : undefined,
      userName: isNamed ? random.pick(['somebody', SLOW_USER, REFUSED_USER]) : undefined,
      password: isNamed && random.oneIn(2) ? random.bytes(random.below(5)) : undefined,
    });
    if (this.#version !== 5) return packet;
    return {
      ...packet,
      properties: {
        ...(random.oneIn(2) ? { sessionExpiryInterval: random.pick([0, 1, 5, 300, 0xffff_ffff]) } : {}),
        ...(random.oneIn(3) ? { receiveMaximum: random.pick([1, 2, 10, 65_535]) } : {}),
        ...(random.oneIn(4) ? { maximumPacketSize: random.pick([5, 20, 50, 200, 100_000]) } : {}),
        ...(random.oneIn(2) ? { topicAliasMaximum: random.pick([0, 1, 3, 100]) } : {}),
        ...(random.oneIn(5) ? { requestProblemInformation: random.oneIn(2) } : {}),
        ...(random.oneIn(5) ? { requestResponseInformation: random.oneIn(2) } : {}),
        ...(random.oneIn(8) ? { userProperties: USER_PROPERTIES } : {}),
        ...(random.oneIn(6) ? this.#authentication() : {}),
      },
    };
  }

  #will(): WillMessage {
    const random = this.#random;
    const properties = {
      ...this.#messageProperties(),
      ...(random.oneIn(2) ? { willDelayInterval: random.pick([0, 1, 10, 1000]) } : {}),
    };
    return willMessage(random.pick(TOPICS), {
      payload: random.bytes(random.below(20)),
      qos: this.#qos(),
      retain: random.oneIn(3),
      properties: this.#version === 5 ? properties : {},
    });
  }

  #publish(): PublishPacket {
    const random = this.#random;
    const qos = this.#qos();
    const properties = this.#version === 5 ? this.#publishProperties() : {};
    const isByAlias = properties.topicAlias !== undefined && random.oneIn(2);
    return publishPacket(
      isByAlias ? '' : random.pick(TOPICS),
      new Uint8Array(random.pick(PAYLOAD_LENGTHS)).fill(0x61),
      {
        qos,
        dup: qos > 0 && random.oneIn(6),
        retain: random.oneIn(5),
        packetId: qos === 0 ? 0 : this.#nextPacketId(),
        properties,
      },
    );
  }

  #publishProperties(): PublishPacket['properties'] {
    const random = this.#random;
    const topicAlias = random.oneIn(4) ? { topicAlias: random.pick([1, 1, 2, 4, 65, 65_535]) } : {};
    return { ...this.#messageProperties(), ...topicAlias };
  }

  #messageProperties(): Omit<PublishPacket['properties'], 'topicAlias' | 'subscriptionIdentifiers'> {
    const random = this.#random;
    return {
      ...(random.oneIn(5) ? { messageExpiryInterval: random.pick([0, 1, 5, 1000]) } : {}),
      ...(random.oneIn(5) ? { payloadFormatIndicator: random.pick([0, 1] as const) } : {}),
      ...(random.oneIn(8) ? { contentType: 'text/plain' } : {}),
      ...(random.oneIn(8) ? { responseTopic: 'u', correlationData: random.bytes(4) } : {}),
      ...(random.oneIn(8) ? { userProperties: USER_PROPERTIES } : {}),
    };
  }

  #subscribe(): void {
    const random = this.#random;
    const isVersion5 = this.#version === 5;
    const subscriptions = Array.from({ length: random.pick([1, 1, 2, 5]) }, () => {
      const qos = this.#qos();
      if (!isVersion5) return subscriptionTo(this.#filter(), { qos });
      const retainHandling = random.pick([0, 0, 1, 2] as const);
      const noLocal = random.oneIn(8);
      return subscriptionTo(this.#filter(), { qos, noLocal, retainAsPublished: random.oneIn(3), retainHandling });
    });
    const identifier = isVersion5 && random.oneIn(3) ? { subscriptionIdentifiers: [1 + random.below(300)] } : {};
    this.#send({ type: PacketType.subscribe, packetId: this.#nextPacketId(), subscriptions, properties: identifier });
  }

  /** What a client would answer to one of the first messages that come, or nobody would. */
  #acknowledge(): void {
    const random = this.#random;
    const type = random.pick(['puback', 'puback', 'pubrec', 'pubrel', 'pubrel', 'pubcomp'] as const);
    const packetId = random.oneIn(2) ? 1 + random.below(5) : Math.max(1, this.#packetId);
    const isRefusal = this.#version === 5 && random.oneIn(5) && (type === 'puback' || type === 'pubrec');
    this.#send(acknowledgementPacket(type, packetId, isRefusal ? ReasonCode.quotaExceeded : ReasonCode.success));
  }

  #auth(): AuthPacket {
    const reasonCode = this.#random.pick([ReasonCode.continueAuthentication, ReasonCode.reAuthenticate]);
    return { type: PacketType.auth, reasonCode, properties: this.#authentication() };
  }

  #authentication(): { authenticationMethod: string; authenticationData?: Uint8Array } {
    const random = this.#random;
    const authenticationMethod = random.oneIn(6) ? 'OTHER' : FUZZ_METHOD;
    return { authenticationMethod, authenticationData: Uint8Array.of(random.below(5)) };
  }

  #qos(): QoS {
    return this.#random.pick([0, 1, 2]);
  }

  #filter(): string {
    return this.#random.pick(FILTERS);
  }

  #nextPacketId(): number {
    if (!this.#random.oneIn(12)) this.#packetId++;
    return Math.max(1, this.#packetId);
  }

  #send(packet: Packet): void {
    const bytes = encodePacket(packet, this.#version);
    const random = this.#random;
    const count = random.oneIn(3) ? 1 + random.below(4) : 0;
    const cuts = Array.from({ length: count }, () => random.below(bytes.length + 1)).sort((a, b) => a - b);
    this.#steps.push({ kind: 'send', bytes, cuts, isHeld: random.oneIn(4) });
  }
}
