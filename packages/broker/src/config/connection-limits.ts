import type { ServerConnectionLimits } from '@busbar/protocol';
import type { Capabilities } from './capabilities.ts';
import type { BrokerLimits } from './limits.ts';

/** What of limits and capabilities a connection to come is told; those that are open keep theirs. */
export function connectionLimitsOf(limits: BrokerLimits, capabilities: Capabilities): ServerConnectionLimits {
  const { connectTimeoutMs, maximumPacketSize, maximumConnectSize, receiveMaximum, maximumInFlight } = limits;
  const { topicAliasMaximum, outboundTopicAliasMaximum } = limits;
  const { maximumQoS, retainAvailable, plainAnswers } = capabilities;
  return {
    connectTimeoutMs,
    maximumPacketSize,
    maximumConnectSize,
    receiveMaximum,
    topicAliasMaximum,
    maximumQoS,
    retainAvailable,
    outboundTopicAliasMaximum,
    maximumInFlight,
    plainAnswers,
  };
}
