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
export type { AuthenticationExchange, AuthenticationMethod } from './authenticate/authentication-method.ts';
export { type ScramOptions, scramSha256 } from './authenticate/scram-sha-256.ts';
export {
  Client,
  type ClientState,
  type EndOptions,
  type MessageHandler,
  type RequestHandler,
} from './client.ts';
export type {
  AttemptFailedEvent,
  ClientEventName,
  ClientEvents,
  ConnectedEvent,
  ConnectingEvent,
  DisconnectedEvent,
  HandlerErrorEvent,
  PublishFailedEvent,
  SubscriptionFailedEvent,
} from './client-events.ts';
export type { ClientLog, ClientOptions, ConnectOptions, ServerUrls, WillOptions } from './client-options.ts';
export type { Clock } from './clock.ts';
export { connect, createClient } from './connect.ts';
export type { ClientCounters } from './counters.ts';
export type { AttemptContext, AttemptOptions, PrepareAttempt } from './dialer/attempt.ts';
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
export type { RequestOptions } from './request/requester.ts';
export type { ResponseContent } from './request/responder.ts';
export { ClientStore } from './store/client-store.ts';
export { MemoryStore } from './store/memory-store.ts';
export type { StoreChange } from './store/record-store.ts';
export type { AcknowledgeMode } from './subscribe/inbox.ts';
export type { Grant, SubscribeOptions, Subscription } from './subscribe/subscription.ts';
export {
  bytes,
  type CborLibrary,
  cbor,
  json,
  type PayloadCodec,
  PayloadError,
  type SchemaIssue,
  type StandardSchema,
  text,
} from './topic/payload-codec.ts';
export type { ParameterNames, TopicParameters } from './topic/topic-parameters.ts';
export {
  type InvalidMessage,
  type TopicClient,
  type TopicDefaults,
  type TypedMessage,
  type TypedSubscribeOptions,
  type TypedSubscription,
  TypedTopic,
  topic,
} from './topic/typed-topic.ts';
export { type ClientTracer, type PublishSpan, type TraceContext, traceContextOf } from './trace.ts';
