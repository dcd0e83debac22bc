import { type ConnectPacket, type Packet, PacketType } from '@busbar/codec';
import type { MessageContent } from '../message/application-message.ts';
import type { SessionState } from '../session/session-state.ts';
import { ClientAcknowledgements } from './client-acknowledgements.ts';
import type { ClientConnectionOwner } from './client-connection-owner.ts';
import type { ProtocolFault } from './client-fault.ts';
import type { Agreement } from './client-handshake.ts';
import { ClientPublishing } from './client-publishing.ts';
import { ClientReceiving } from './client-receiving.ts';
import { ClientRequests } from './client-requests.ts';
import type { OutputBuffer } from './output-buffer.ts';

/** What there is only while connected. */
export interface Established {
  readonly agreement: Agreement;
  readonly publishing: ClientPublishing;
  readonly receiving: ClientReceiving;
  readonly requests: ClientRequests;
  readonly acknowledgements: ClientAcknowledgements;
}

/** What {@link establish} makes it of. */
export interface EstablishedParts {
  readonly connect: ConnectPacket;
  /** How many Topic Aliases the client wants to use at the most. */
  readonly topicAliases: number;
  readonly session: SessionState<MessageContent>;
  readonly output: OutputBuffer;
  readonly owner: ClientConnectionOwner;
}

/** Makes what a connection needs once the server has accepted it. */
export function establish(agreement: Agreement, parts: EstablishedParts): Established {
  const { connect, topicAliases, session, output, owner } = parts;
  const { protocolVersion, properties } = connect;
  const isTold = protocolVersion === 5;
  const limits = {
    receiveMaximum: (isTold ? properties.receiveMaximum : undefined) ?? 65_535,
    topicAliasMaximum: (isTold ? properties.topicAliasMaximum : undefined) ?? 0,
  };
  const acknowledgements = new ClientAcknowledgements(output, isTold);
  return {
    agreement,
    acknowledgements,
    publishing: new ClientPublishing(agreement, topicAliases, session.outbound, output, owner, acknowledgements),
    receiving: new ClientReceiving(limits, session, owner, acknowledgements),
    requests: new ClientRequests(agreement, session.outbound, output),
  };
}

/**
 * Brings a packet to the flow or the request that waits for it.
 *
 * @param handleRare Gets what belongs to neither.
 * @returns Which rule it breaks, if any.
 */
export function dispatch(
  packet: Packet,
  { publishing, receiving, requests }: Established,
  owner: ClientConnectionOwner,
  handleRare: (packet: Packet) => ProtocolFault | undefined,
): ProtocolFault | undefined {
  switch (packet.type) {
    case PacketType.puback:
    case PacketType.pubrec:
    case PacketType.pubcomp:
      publishing.handleAcknowledgement(packet.type, packet.packetId, packet.reasonCode, packet.properties);
      return undefined;
    case PacketType.pubrel:
      receiving.handlePubrel(packet.packetId);
      return undefined;
    case PacketType.suback:
    case PacketType.unsuback: {
      const fault = requests.handleAnswer(packet);
      if (fault !== undefined) return fault;
      if (packet.type === PacketType.suback) owner.handleSuback(packet);
      else owner.handleUnsuback(packet);
      owner.handleWindow();
      return undefined;
    }
    default:
      return handleRare(packet);
  }
}
