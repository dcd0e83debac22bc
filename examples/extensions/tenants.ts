/**
 * Gives each tenant its own part of the topics. A user name is `tenant:device`; what the device publishes to `reading` is
 * found at `tenants/{tenant}/{device}/reading`, and it can subscribe only to what is its tenant's.
 */
import { type BrokerHooks, type Identity, ReasonCode } from '@busbar/broker';

const hooks: BrokerHooks = {
  name: 'tenants',
  publish({ topicName }, publisher) {
    const place = placeOf(publisher);
    return place === undefined ? undefined : { topicName: `tenants/${place.tenant}/${place.device}/${topicName}` };
  },
  subscribe({ topicFilter, identity }) {
    const place = placeOf(identity);
    if (place === undefined || topicFilter.startsWith(`tenants/${place.tenant}/`)) return undefined;
    return { refuse: ReasonCode.notAuthorized, reason: `only tenants/${place.tenant}/ can be subscribed to` };
  },
};

/** Undefined for users that are nobody's device, such as the operator's panel. */
function placeOf({ userName = '' }: Identity): { tenant: string; device: string } | undefined {
  const parts = /^([\w-]+):([\w-]+)$/.exec(userName);
  return parts === null ? undefined : { tenant: parts[1] ?? '', device: parts[2] ?? '' };
}

export default hooks;
