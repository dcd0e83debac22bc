import { ReasonCode } from '@busbar/codec';
import type { Closing } from '@busbar/protocol';
import type { ReachedLimit } from '../observe/limit-watch.ts';

/**
 * The limit that has ended a connection; undefined where none has.
 *
 * @param isIn Whether its client had been let in.
 */
export function limitOf({ cause, reasonCode }: Closing, isIn: boolean): ReachedLimit | undefined {
  if (cause === 'timeout') return isIn ? undefined : 'connectTimeoutMs';
  if (cause !== 'fault') return undefined;
  switch (reasonCode) {
    case ReasonCode.packetTooLarge:
      return isIn ? 'maximumPacketSize' : 'maximumConnectSize';
    case ReasonCode.receiveMaximumExceeded:
      return 'receiveMaximum';
    case ReasonCode.topicAliasInvalid:
      return 'topicAliasMaximum';
    default:
      return undefined;
  }
}
