/** @busbar/broker: the Busbar MQTT broker as a library. */
export { describeReasonCode, ReasonCode, UsageError } from '@busbar/codec';
export {
  type ByteTransport,
  type PeerCertificate,
  type TlsCredentials,
  type TlsServerOptions,
  TransportError,
} from '@busbar/transport';
export type { Authenticate, AuthenticationVerdict, Credentials } from './auth/authenticator.ts';
export type {
  AuthenticationExchange,
  AuthenticationMethod,
  AuthenticationStep,
} from './auth/enhanced-authentication.ts';
export { makeScramCredential, type ScramCredential, type ScramLookup, scramSha256 } from './auth/scram-sha-256.ts';
export { type Broker, type BrokerOptions, type BrokerStats, createBroker } from './broker.ts';
export { type Clock, systemClock } from './clock/clock.ts';
export type { Capabilities, Redirection } from './config/capabilities.ts';
export { type BrokerLimits, LIMIT_BOUNDS, type QueuePolicy } from './config/limits.ts';
export type { Bound } from './entrance/entrance.ts';
export type { ListenerOptions, ListenerTransport } from './entrance/listener-options.ts';
export type { BrokerLog } from './observe/log.ts';
export type { LossReason } from './observe/loss-ledger.ts';
export { MemoryQueue } from './store/memory-queue.ts';
export { MemoryStore, memoryRecord } from './store/memory-store.ts';
export type {
  DeliveryQueue,
  FlowJournal,
  KeptWaiter,
  SessionRecord,
  Store,
  StoredState,
  StoredSubscription,
  StoredWill,
  StoreStart,
} from './store/store.ts';
