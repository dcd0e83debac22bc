import type { PacketType } from '@busbar/codec';
import type { Delivery } from '../message/delivery.ts';

/**
 * A packet of a QoS 2 flow that waits, in its order, until the session's owner has kept the change of state it tells of
 * (section 4.1): after a crash the other side must never know more of a flow than this side does.
 *
 * - PUBLISH leaves when its Packet Identifier is kept: sent again under another one, it would be taken for a new message.
 * - PUBREL leaves when the receipt is kept: otherwise PUBLISH would be sent again to a client that has forgotten it.
 * - PUBCOMP leaves when the release is kept: otherwise the client's next message of that Packet Identifier would be taken
 *   for the one before.
 */
export type Held =
  | { readonly mark: number; readonly packetId: number; readonly delivery: Delivery }
  | {
      readonly mark: number;
      readonly packetId: number;
      readonly type: typeof PacketType.pubrel | typeof PacketType.pubcomp;
      readonly known: boolean;
    };
