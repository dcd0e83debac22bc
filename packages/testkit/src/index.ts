export { frame, hex, toHex, variableByteInteger } from './hex.ts';
export { findMosquitto, MosquittoBroker } from './mosquitto.ts';
export { packetOf, publishOf, utf8String } from './packet-arbitraries.ts';
export { packetVectors } from './packet-vectors.ts';
export {
  acknowledgementPacket,
  connectPacket,
  publishPacket,
  subscribePacket,
  subscriptionTo,
  unsubscribePacket,
  willMessage,
} from './packets.ts';
export { type ExposedFamily, type ExposedSample, parseExposition } from './parse-exposition.ts';
export { freePort, hasCommand, type PeerOptions, PeerProcess, type ProcessEnd } from './peer-process.ts';
export { type PacketPattern, RawClient } from './raw-client.ts';
export { RecordingReceiver } from './recording-receiver.ts';
export { refusedVectors } from './refused-vectors.ts';
export { type StoreCase, type StoreKind, storeContract } from './store-contract.ts';
export {
  createSelfSignedCertificate,
  createTestAuthority,
  type TestAuthority,
  type TestCertificate,
  type TestCertificateOptions,
} from './test-certificates.ts';
export type { ConnectedPair, ConnectPair, ContractCase } from './transport-contract.ts';
export { transportContract } from './transport-contract.ts';
export { packetAround, propertyVectors } from './vectors/property-packets.ts';
export {
  companionsOf,
  type PropertyPlaceName,
  type PropertyRow,
  propertyPlaces,
  propertyRows,
} from './vectors/property-vectors.ts';
export type { RefusedVector } from './vectors/refused-vector.ts';
export type { PacketVector } from './vectors/vector.ts';
export { VirtualClock } from './virtual-clock.ts';
