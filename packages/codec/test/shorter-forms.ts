import { type Packet, PacketType, type ProtocolVersion } from '@busbar/codec';

/**
 * The truncations of a packet's body that are packets themselves, as lengths: the standard lets these end early, and no
 * others.
 *
 * - PUBLISH anywhere in its payload, which has no length of its own (section 3.3.3).
 * - SUBSCRIBE, SUBACK, UNSUBSCRIBE and UNSUBACK after any entry of their lists but none (sections 3.8.3 to 3.11.3).
 * - The four acknowledgements of 5.0 after the Packet Identifier and after the Reason Code (section 3.4.2).
 * - DISCONNECT of 5.0 before and after its Reason Code (section 3.14.2), AUTH before it (section 3.15.2.1).
 * - CONNECT of 3.1 before the User Name and before the Password, in spite of their flags (section 3.1 of 3.1).
 */
export function shorterForms(packet: Packet, version: ProtocolVersion, bodyLength: number): ReadonlySet<number> {
  const forms = new Set(lengths(packet, version, bodyLength));
  forms.delete(bodyLength);
  return forms;
}

function lengths(packet: Packet, version: ProtocolVersion, whole: number): number[] {
  switch (packet.type) {
    case PacketType.publish:
      return backwards(whole, Array(packet.payload.length).fill(1));
    case PacketType.subscribe:
      return backwards(
        whole,
        packet.subscriptions.slice(1).map(({ topicFilter }) => stringLength(topicFilter) + 1),
      );
    case PacketType.unsubscribe:
      return backwards(whole, packet.topicFilters.slice(1).map(stringLength));
    case PacketType.suback:
    case PacketType.unsuback:
      return backwards(
        whole,
        packet.reasonCodes.slice(1).map(() => 1),
      );
    case PacketType.puback:
    case PacketType.pubrec:
    case PacketType.pubrel:
    case PacketType.pubcomp:
      return version === 5 ? [2, 3] : [];
    case PacketType.disconnect:
      return version === 5 ? [0, 1] : [];
    case PacketType.auth:
      return [0];
    case PacketType.connect: {
      if (version !== 3 || packet.userName === undefined) return [];
      const userName = stringLength(packet.userName);
      return backwards(whole, packet.password === undefined ? [userName] : [userName, packet.password.length + 2]);
    }
    default:
      return [];
  }
}

/** Where a body ends when it loses the last of these parts, the last two, and so on. */
function backwards(whole: number, parts: readonly number[]): number[] {
  let end = whole;
  return parts.toReversed().map((length) => {
    end -= length;
    return end;
  });
}

function stringLength(text: string): number {
  return new TextEncoder().encode(text).length + 2;
}
