import { InboundFlow } from './inbound-flow.ts';
import { type InFlight, OutboundFlow } from './outbound-flow.ts';

/** What a session must remember of its flows to go on after a crash (section 4.1), as plain data. */
export interface FlowState<Message> {
  /** Unfinished outgoing messages, in order. */
  readonly inFlight: readonly Readonly<InFlight<Message>>[];
  /** Packet Identifiers of incoming QoS 2 messages that are accepted and not yet released. */
  readonly accepted: readonly number[];
}

/**
 * The part of the Session State (section 4.1) that the two sides have in common: what is in flight in both directions.
 * Connections come and go and borrow it; it never knows which.
 *
 * @example
 * const session = new SessionState<MessageContent>();
 * const machine = new ClientConnection({ clientIdentifier: 'pump-7', cleanStart: false }, owner, session);
 */
export class SessionState<Message> {
  readonly inbound: InboundFlow = new InboundFlow();
  readonly outbound: OutboundFlow<Message> = new OutboundFlow<Message>();

  /** @example store.write(clientIdentifier, session.toPlain()) */
  toPlain(): FlowState<Message> {
    const inFlight = [...this.outbound.inFlight].map(({ packetId, stage, message }) => ({ packetId, stage, message }));
    return { inFlight, accepted: this.inbound.accepted };
  }

  /** @example const session = SessionState.fromPlain(store.read(clientIdentifier)) */
  static fromPlain<Message>(plain: FlowState<Message>): SessionState<Message> {
    const session = new SessionState<Message>();
    session.outbound.restore(plain.inFlight);
    session.inbound.restore(plain.accepted);
    return session;
  }

  /** The connection is over; what is in flight waits for the next one. */
  handleDisconnected(): void {
    this.inbound.handleDisconnected();
    this.outbound.handleDisconnected();
  }

  /** The session has ended: forgets everything in flight, and answers the outgoing messages that are unfinished, in order. */
  clear(): Message[] {
    this.inbound.clear();
    return this.outbound.clear();
  }
}
