/** @busbar/client: an MQTT client for 3.1, 3.1.1 and 5.0 that keeps its connection; and the machine below, for your own transport. */
export type {
  AcknowledgementProperties,
  AuthPacket,
  PublishPacket,
  PublishProperties,
  QoS,
  SubackPacket,
  SubscriptionRequest,
  UnsubackPacket,
  WillProperties,
} from '@busbar/codec';
export { describeReasonCode, ReasonCode, RetainHandling, UsageError } from '@busbar/codec';
export {
  type Agreement,
  type ClientClosing,
  ClientConnection,
  type ClientConnectionOptions,
  type ClientConnectionOwner,
  LATER,
  type MessageContent,
  SessionState,
} from '@busbar/protocol';
export { type ByteTransport, TransportError } from '@busbar/transport';
export {
  Client,
  type ClientState,
  type ConnectOptions,
  connect,
  createClient,
  type EndOptions,
  type MessageHandler,
} from './client.ts';
export type {
  AttemptFailedEvent,
  ClientEventName,
  ClientEvents,
  ConnectedEvent,
  DisconnectedEvent,
  HandlerErrorEvent,
  SubscriptionFailedEvent,
} from './client-events.ts';
export type { ClientLog, ClientOptions, WillOptions } from './client-options.ts';
export type { Clock } from './clock.ts';
export type { ClientCounters } from './counters.ts';
export type { ReconnectOptions } from './dialer/back-off.ts';
export type { Dial } from './dialer/dial.ts';
export type { ServerAddress } from './dialer/server-address.ts';
export {
  ClientError,
  type ClientErrorCode,
  ConnectionEndedError,
  ConnectionRefusedError,
  PublishError,
  SubscribeError,
  UnsubscribeError,
} from './errors.ts';
export { Message } from './message.ts';
export type { PublishOptions, PublishOutcome } from './publish/publication.ts';
export type { QueueOptions } from './publish/publish-queue.ts';
export type { Grant, SubscribeOptions, Subscription } from './subscribe/subscription.ts';
