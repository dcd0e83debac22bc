export { RecordingReceiver } from './recording-receiver.ts';
export type { ConnectedPair, ConnectPair, ContractCase } from './transport-contract.ts';
export { transportContract } from './transport-contract.ts';
