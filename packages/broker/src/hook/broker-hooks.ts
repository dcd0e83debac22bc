import type { ProtocolVersion, QoS, ReasonCode, SubscriptionRequest } from '@busbar/codec';
import type { ChainAnswer, Credentials } from '../auth/authenticator.ts';
import type { Identity } from '../authorization/identity.ts';
import type { LossReason, RefusalReason } from '../observe/loss-ledger.ts';
import type { HookMessage, MessageChanges } from './hook-message.ts';
import type { InProcessClient } from './in-process-client.ts';

/** No, with the Reason Code that the client is told where its version and its packet can carry one. */
export interface HookRefusal {
  /** 0x80 or greater, and one that the answer to the packet may have. */
  readonly refuse: ReasonCode;
  /** What a 5.0 client is told in words. Default: nothing. */
  readonly reason?: string | undefined;
}

/** An answer now or later; nothing means: as it is. */
// biome-ignore lint/suspicious/noConfusingVoidType: a hook that only looks returns nothing
export type HookAnswer<T> = T | HookRefusal | undefined | void | Promise<T | HookRefusal | undefined | void>;

/** What a hook changes of a message for one receiver. */
export type DeliveryChanges = Pick<MessageChanges, 'topicName' | 'payload' | 'properties'>;

/** A client that has shown who it is and is about to be let in. */
export interface ConnectAttempt {
  readonly identity: Identity;
  /** Where it comes from, as the log has it. */
  readonly remote: string;
  readonly protocolVersion: ProtocolVersion;
  readonly cleanStart: boolean;
  /** Seconds; as the client asked for. */
  readonly keepAlive: number;
  /** Seconds that its session is to outlive the connection. */
  readonly sessionExpiryInterval: number;
  readonly willTopicName: string | undefined;
  readonly userProperties: readonly (readonly [string, string])[];
}

/** One topic of a client, and what it wants with it. */
export interface AuthorizeQuestion {
  readonly action: 'publish' | 'subscribe' | 'receive';
  /** A Topic Filter when the action is `subscribe`, otherwise a Topic Name; with the prefix of a mount point. */
  readonly topic: string;
  readonly identity: Identity;
}

/** One Topic Filter of a SUBSCRIBE packet, as the client named it. */
export interface SubscribeAttempt extends Readonly<SubscriptionRequest> {
  readonly identity: Identity;
  readonly subscriptionIdentifier: number | undefined;
  readonly userProperties: readonly (readonly [string, string])[];
}

/** A connection that was let in has ended. */
export interface DisconnectEvent {
  readonly identity: Identity;
  readonly remote: string;
  /** `disconnected`: by the client's DISCONNECT; `lost`; `timeout`; `fault`: the client broke a rule; `ended`: by the broker. */
  readonly cause: 'disconnected' | 'lost' | 'timeout' | 'fault' | 'ended';
  readonly reasonCode: ReasonCode;
  /** In a line, for people. */
  readonly message: string;
}

/** Messages that were not delivered, or not taken in. */
export interface DropEvent {
  readonly reason: LossReason | RefusalReason;
  /** Whose session it was for; `''` where none was found, and for messages that were not taken in. */
  readonly clientIdentifier: string;
  /** Of several messages any one's, or `''`. */
  readonly topicName: string;
  readonly messages: number;
}

/** A session has begun, goes on with a new connection, or is over. */
export interface SessionEvent {
  /** `expired`: its Session Expiry Interval is over; `ended`: any other end, a new session with Clean Start included. */
  readonly kind: 'created' | 'resumed' | 'expired' | 'ended';
  readonly identity: Identity;
}

/**
 * What a program adds to the broker. Every hook is optional, and one that is not there costs nothing. Of several objects each
 * hook is asked in the order of the objects, and sees what those before it have changed; the first that refuses decides.
 *
 *     CONNECT    --> authenticate --> connect --> session: created, resumed
 *     SUBSCRIBE  --> subscribe --> rules, authorize --> retained messages: deliver
 *     PUBLISH    --> publish --> rules, authorize --> for each receiver: authorize, deliver
 *     end        --> disconnect --> session: expired, ended               drop: whatever is lost on the way
 *
 * Questions (`connect`, `authenticate`, `subscribe`, `publish`) may be answered with a promise: the client's further packets
 * wait as long, in their order, and nobody else. `authorize` and `deliver` stand on the way of every message and answer at
 * once. Events (`disconnect`, `drop`, `session`) are told after the turn in which they happened.
 *
 * A hook that throws, or takes longer than `timeoutMs`, is named in the log. Questions are then answered with no; a delivery
 * is dropped, and counted.
 *
 * @example
 * const stamp: BrokerHooks = {
 *   name: 'stamp',
 *   publish: ({ properties }) => ({
 *     properties: { ...properties, userProperties: [...(properties.userProperties ?? []), ['at', new Date().toISOString()]] },
 *   }),
 * };
 * const broker = await createBroker({ hooks: [stamp] });
 */
export interface BrokerHooks {
  /** For the log. */
  readonly name: string;
  /** Milliseconds that an answer, and `stop`, may take. Default: 10,000. */
  readonly timeoutMs?: number | undefined;

  /** The broker has its sessions and is about to listen. What it throws keeps the broker from starting. */
  start?(client: InProcessClient): void | Promise<void>;
  /** The broker has stopped, or could not start. */
  stop?(): void | Promise<void>;

  /**
   * Asked before all authenticators, of every listener; `{ kind: 'next' }` leaves it to them. Clients that authenticate by a method
   * (section 4.12) are that method's.
   */
  authenticate?(credentials: Credentials): ChainAnswer | Promise<ChainAnswer>;
  /** May turn an authenticated client away before it gets its session. */
  connect?(attempt: ConnectAttempt): HookAnswer<never>;
  /**
   * Asked where the rules allow something; `false` denies it, everything else leaves it at that. Answers about `publish` and
   * `receive` are remembered for client and topic, as those of the rules are, until `broker.recheckRights()`.
   */
  // biome-ignore lint/suspicious/noConfusingVoidType: nothing said is nothing against it
  authorize?(question: AuthorizeQuestion): boolean | undefined | void;
  /** May refuse a subscription, or grant a lower QoS. */
  subscribe?(attempt: SubscribeAttempt): HookAnswer<{ readonly qos: QoS }>;
  /**
   * A client's message, its Will included, before the rules judge it; topics are as the client names them. May refuse or change it.
   */
  publish?(message: HookMessage, publisher: Identity): HookAnswer<MessageChanges>;
  /**
   * A message for one receiver, before it is sent or queued; topics are as the receiver sees them. May drop it for this
   * receiver, or change it.
   */
  // biome-ignore lint/suspicious/noConfusingVoidType: a hook that only looks returns nothing
  deliver?(message: HookMessage, receiver: Identity): DeliveryChanges | 'drop' | undefined | void;

  disconnect?(event: DisconnectEvent): void;
  drop?(event: DropEvent): void;
  session?(event: SessionEvent): void;
}
