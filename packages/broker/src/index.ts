/** @busbar/broker: the Busbar MQTT broker as a library. */
export { describeReasonCode, ReasonCode, UsageError } from '@busbar/codec';
export {
  type ByteTransport,
  type PeerCertificate,
  type TlsCredentials,
  type TlsServerOptions,
  TransportError,
} from '@busbar/transport';
export type { BrokerOptions } from './assembly/broker-options.ts';
export type {
  Authenticate,
  AuthenticationVerdict,
  Authenticator,
  ChainAnswer,
  Credentials,
  Grant,
} from './auth/authenticator.ts';
export { AuthenticatorChain, type ChainOptions, type ChainVerdict } from './auth/authenticator-chain.ts';
export { clientCertificate } from './auth/client-certificate.ts';
export type {
  AuthenticationExchange,
  AuthenticationMethod,
  AuthenticationStep,
} from './auth/enhanced-authentication.ts';
export { type ConnectExplanation, explainConnect } from './auth/explain-connect.ts';
export type { FlappingOptions } from './auth/flapping.ts';
export { type HttpHookOptions, httpHook } from './auth/http-hook.ts';
export { jsonWebToken, type TokenOptions } from './auth/json-web-token.ts';
export type { BackOffOptions } from './auth/login-back-off.ts';
export { type PasswordEntry, type PasswordFileText, parsePasswordFile, passwordFile } from './auth/password-file.ts';
export {
  formatPasswordHash,
  PASSWORD_KINDS,
  type PasswordHash,
  PasswordHasher,
  type PasswordKind,
  parsePasswordHash,
} from './auth/password-hash.ts';
export { makeScramCredential, type ScramCredential, type ScramLookup, scramSha256 } from './auth/scram-sha-256.ts';
export { type AclFileOptions, type FileFault, parseAclFile } from './authorization/acl-file.ts';
export { Authorization, type AuthorizationOptions, type DeniedPublish } from './authorization/authorization.ts';
export { type Explanation, explainPublish, explainReceive, explainSubscribe } from './authorization/explain.ts';
export type { ClaimValue, Identity, Permissions } from './authorization/identity.ts';
export type { Rights } from './authorization/rights.ts';
export { describeVerdict, type Rule, type RuleSource, type Verdict } from './authorization/rule.ts';
export { RULE_ACTIONS, type RuleAction, type RuleOptions, type RulePlace } from './authorization/rule-list.ts';
export { type Broker, createBroker } from './broker.ts';
export { type Clock, systemClock } from './clock/clock.ts';
export type { Capabilities, Redirection } from './config/capabilities.ts';
export type { Durability, DurabilityRule } from './config/durability.ts';
export { type BrokerLimits, LIMIT_BOUNDS, LIMIT_WORDS, type QueuePolicy, type RatePolicy } from './config/limits.ts';
export { type AuthenticationOptions, chainOptionsOf, isLoopback, ownChainOf } from './entrance/chain-of.ts';
export type { Bound, ListenerLimits, ListenerPlace } from './entrance/entrance.ts';
export { checkListeners, type ListenerOptions, type ListenerTransport } from './entrance/listener-options.ts';
export type { LoginGuardOptions } from './entrance/login-guard.ts';
export type {
  AuthorizeQuestion,
  BrokerHooks,
  ConnectAttempt,
  DeliveryChanges,
  DisconnectEvent,
  DropEvent,
  HookAnswer,
  HookRefusal,
  SessionEvent,
  SubscribeAttempt,
} from './hook/broker-hooks.ts';
export type { HookMessage, MessageChanges } from './hook/hook-message.ts';
export type {
  InProcessClient,
  InProcessHandler,
  InProcessMessage,
  InProcessPublishOptions,
  InProcessSubscribeOptions,
  InProcessSubscription,
} from './hook/in-process-client.ts';
export type {
  InspectedClient,
  InspectedRetained,
  InspectedSession,
  InspectedSubscription,
  InspectedTopic,
  Inspection,
} from './inspect/inspection.ts';
export { PublishRefusedError } from './local/publish-refused-error.ts';
export type { Metric } from './metrics/metric.ts';
export { METRICS } from './metrics/metric-list.ts';
export type { Metrics } from './metrics/metrics.ts';
export type { BrokerLog } from './observe/log.ts';
export type { LossReason, LossReport, RefusalReason, SessionLosses } from './observe/loss-ledger.ts';
export { type Later, QuietLine, type QuietLineOptions } from './observe/quiet-line.ts';
export { READINESS_CHECKS, type Readiness, type ReadinessCheck } from './observe/readiness.ts';
export type { RightsQuestion } from './session/explain-session.ts';
export { MountPoint } from './session/mount-point.ts';
export { MemoryQueue } from './store/memory-queue.ts';
export { MemoryStore } from './store/memory-store.ts';
export { SessionSubscriptions } from './store/session-subscriptions.ts';
export type {
  DeliveryQueue,
  FlowJournal,
  KeptWaiter,
  SessionRecord,
  Store,
  StoreCommit,
  StoredRetained,
  StoredState,
  StoredSubscription,
  StoredWill,
  StoreStart,
} from './store/store.ts';
export { memoryRecord } from './store/volatile-store.ts';
export type { BrokerStats } from './system/broker-stats.ts';
export type { TracedMessage, TracedPacket } from './trace/traced-packet.ts';
export type { TraceListener } from './trace/traces.ts';
