import type { AcknowledgementPacket } from './acknowledgement.ts';
import type { AuthPacket } from './auth.ts';
import type { ConnackPacket } from './connack.ts';
import type { ConnectPacket } from './connect.ts';
import type { DisconnectPacket } from './disconnect.ts';
import type { PingreqPacket, PingrespPacket } from './ping.ts';
import type { PublishPacket } from './publish.ts';
import type { SubackPacket } from './suback.ts';
import type { SubscribePacket } from './subscribe.ts';
import type { UnsubackPacket } from './unsuback.ts';
import type { UnsubscribePacket } from './unsubscribe.ts';

/** Any of the fifteen Control Packets (section 2.1.2), told apart by `type`. */
export type Packet =
  | ConnectPacket
  | ConnackPacket
  | PublishPacket
  | AcknowledgementPacket
  | SubscribePacket
  | SubackPacket
  | UnsubscribePacket
  | UnsubackPacket
  | PingreqPacket
  | PingrespPacket
  | DisconnectPacket
  | AuthPacket;
