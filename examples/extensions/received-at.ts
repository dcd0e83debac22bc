/** Gives every message that a client publishes a User Property with the time at which the broker took it in. */
import type { BrokerHooks } from '@busbar/broker';

const hooks: BrokerHooks = {
  name: 'received-at',
  publish({ properties }) {
    const { userProperties = [] } = properties;
    const receivedAt: [string, string] = ['received-at', new Date().toISOString()];
    return { properties: { ...properties, userProperties: [...userProperties, receivedAt] } };
  },
};

export default hooks;
