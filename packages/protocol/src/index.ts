/** @busbar/protocol: sans-I/O state machines of MQTT for both sides. Pure: no I/O, no clock, no randomness. */
export type { ClientAuthProperties } from './connection/client-authentication.ts';
export { ClientConnection } from './connection/client-connection.ts';
export type { ClientClosing, ClientConnectionOwner, LostInFlight } from './connection/client-connection-owner.ts';
export type { ProtocolFault } from './connection/client-fault.ts';
export type { Agreement, ClientConnectionOptions } from './connection/client-handshake.ts';
export type { Closing } from './connection/closing.ts';
export { MarkQueue } from './connection/mark-queue.ts';
export { BlockPool, type ByteSink, OutputBuffer } from './connection/output-buffer.ts';
export type { Explanation } from './connection/packet-writer.ts';
export { type ConnectAnswer, ServerConnection } from './connection/server-connection.ts';
export {
  LATER,
  type ServerConnectionLimits,
  type ServerConnectionOwner,
} from './connection/server-connection-owner.ts';
export { ApplicationMessage, type MessageContent } from './message/application-message.ts';
export { copyOf } from './message/byte-copy.ts';
export { ByteSlab } from './message/byte-slab.ts';
export { Delivery, type Successor } from './message/delivery.ts';
export type { MessageOrigin, MessageRecord } from './message/message-record.ts';
export { InboundFlow, Verdict } from './session/inbound-flow.ts';
export { NONE } from './session/none.ts';
export { type InFlight, OutboundFlow, Stage } from './session/outbound-flow.ts';
export { PacketIdMap } from './session/packet-id-map.ts';
export { type FlowState, SessionState } from './session/session-state.ts';
export { InboundTopicAliases, type OutboundTopicAlias, OutboundTopicAliases } from './session/topic-alias.ts';
export { SharedGroup, type SharedStrategy } from './topic/shared-group.ts';
export {
  isSharedSubscription,
  parseSharedSubscription,
  type SharedSubscriptionParts,
  subscriptionFilterFault,
} from './topic/shared-subscription.ts';
export { SubscriptionTree } from './topic/subscription-tree.ts';
export { isValidTopicFilter, matchesTopicFilter, topicFilterFault } from './topic/topic-filter.ts';
export type { TopicMatches } from './topic/topic-matches.ts';
export { countTopicLevels, isValidTopicName, topicNameFault } from './topic/topic-name.ts';
export { TopicTree } from './topic/topic-tree.ts';
export { WideMap } from './topic/wide-map.ts';
